/// What the server is told of mail.
public struct MailOptions: Sendable, Hashable {
    /// Nil where no mail is sent.
    public var server: MailServer?
    public var username: String?
    public var password: MailPassword?
    public var from: MailAddress?
    public var startTLS = StartTLS.required
    /// A PEM file of the certificates that the mail server's is checked against; nil for the system's.
    public var trustedCertificates: String?
    /// For one message, from the connection to the server's last word.
    ///
    /// It is less than what the outbox allows for an attempt.
    public var timeout: Duration = .seconds(20)
    /// How many mails of alarms, and how many of other things, go to one address in 24 hours.
    public var perDay = 10

    public init() {}

    /// What a connection does that does not begin with TLS.
    public enum StartTLS: String, Sendable, Hashable, CaseIterable {
        /// Without it nothing is sent.
        case required
        /// It is not asked for.
        case off
    }
}

/// The password at the mail server. Prints as `<redacted>`.
public struct MailPassword: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let text: String

    public init(_ text: String) {
        self.text = text
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
