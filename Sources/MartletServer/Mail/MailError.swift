import CCurlMail

/// Why a mail was not sent.
public struct MailError: Error, Sendable, Hashable {
    public enum Cause: Sendable, Hashable {
        case noLibrary
        case unreachable
        case noTLS
        case untrusted
        case noLogin
        /// The server refused the sender, the recipient or the message.
        case refused
        case stopped
        case failed
    }

    public let cause: Cause
    /// What the server last answered with, such as 550; 0 where it answered nothing.
    public let reply: Int
    /// The line that it answered with; empty where there is none.
    public let words: String
    /// What went wrong, in the library's words.
    public let detail: String

    init(_ cause: Cause, reply: Int = 0, words: String = "", detail: String = "") {
        self.cause = cause
        self.reply = reply
        self.words = words
        self.detail = detail
    }

    /// Whether to send it again is of no use: the server refuses this message for good (RFC 5321 §4.2.1). What an
    /// operator can mend, such as a password, is worth another try.
    public var isPermanent: Bool {
        cause == .refused && (500..<600).contains(reply) && ![530, 534, 535, 538].contains(reply)
    }

    /// What to do about it.
    public var advice: String {
        switch cause {
        case .noLibrary: "Install libcurl; on Debian and Ubuntu it is the package libcurl4."
        case .unreachable:
            "Check the name and the port of mail.server, and whether a firewall lets this machine reach it."
        case .noTLS:
            "The server offers no STARTTLS there. Use smtps:// with the port where it speaks TLS from the start, mostly "
                + "465. mail.startTLS: off is for a server on this machine."
        case .untrusted:
            "mail.server has to name the server as its certificate does. Where the certificate is of a CA of your own, "
                + "mail.trustedCertificates has to name the CA's file."
        case .noLogin: "Check mail.username and mail.password. Some providers want a password made for one program."
        case .refused:
            "The server refuses the message; its answer says why. mail.from may have to be an address of yours."
        case .stopped: "It was stopped; try again."
        case .failed: "Try again, and look into the mail server's log."
        }
    }
}

extension MailError: CustomStringConvertible {
    public var description: String {
        let said = words.isEmpty ? "" : " The server said: \(words)."
        return "The mail was not sent: \(detail.isEmpty ? "\(cause)" : detail).\(said)"
    }
}

extension MailError.Cause {
    init(_ fate: martlet_mail_fate) {
        switch fate {
        case martlet_mail_no_library: self = .noLibrary
        case martlet_mail_unreachable: self = .unreachable
        case martlet_mail_no_tls: self = .noTLS
        case martlet_mail_untrusted: self = .untrusted
        case martlet_mail_no_login: self = .noLogin
        case martlet_mail_refused: self = .refused
        case martlet_mail_stopped: self = .stopped
        default: self = .failed
        }
    }
}
