public import MartletProtocol

/// A mail that only shows whether mail can be sent.
public enum MailTest {
    /// - Parameters:
    ///   - address: of the recipient; see ``isAddress(_:)``.
    ///   - issuer: the URL of the server that the mail is to speak of.
    /// - Returns: what the mail server answered; nil where there is no mail server in the configuration.
    /// - Throws: `MailError`, which says what to do.
    public static func send(
        to address: String, issuer: String, _ options: MailOptions, at now: Timestamp
    ) async throws(MailError) -> String? {
        guard let server = options.server, let from = options.from else { return nil }
        let words = Words.english
        let message = MailMessage(
            id: MailMessageID("martlet.test.\(now.milliseconds).\(UInt32.random(in: 0 ... .max))", from: from),
            date: now, from: from, recipient: address, subject: words.mailTestSubject,
            text: "\(words.mailTest(issuer))\n", language: words.language)
        return try await MailTransport(options, server: server).send(message)
    }

    /// Whether mail can be sent to it: `name@example.com`.
    public static func isAddress(_ text: String) -> Bool { MailAddress.isPlain(text) }
}
