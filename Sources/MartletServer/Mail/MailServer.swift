/// The server that mail is handed to: `smtp://HOST:PORT`, which changes to TLS by STARTTLS, or `smtps://HOST:PORT`,
/// which begins with it (RFC 8314).
public struct MailServer: Sendable, Hashable {
    /// Whether connections begin with TLS.
    public var beginsWithTLS: Bool
    public var address: ListenAddress

    /// - Returns: nil for anything but such a URL. Without a port it is 465 or 587, as of submission.
    public init?(url: String) {
        guard let scheme = ["smtps://", "smtp://"].first(where: url.hasPrefix) else { return nil }
        beginsWithTLS = scheme == "smtps://"
        let authority = url.dropFirst(scheme.count)
        let hasPort = authority.contains(":") && !authority.hasSuffix("]")
        let port = beginsWithTLS ? 465 : 587
        guard let address = ListenAddress(text: hasPort ? String(authority) : "\(authority):\(port)"), address.port > 0
        else { return nil }
        self.address = address
    }
}

extension MailServer: CustomStringConvertible {
    public var description: String { "\(beginsWithTLS ? "smtps" : "smtp")://\(address)" }
}
