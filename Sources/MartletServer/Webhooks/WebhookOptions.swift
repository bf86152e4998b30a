/// How webhooks are called.
public struct WebhookOptions: Sendable, Hashable {
    /// The path of a PEM file with certificate authorities that are trusted beside the system's.
    public var trustedCertificates: String?
    /// How long an endpoint may take to answer.
    public var timeout: Duration = .seconds(15)

    public init() {}
}
