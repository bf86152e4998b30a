public import MartletProtocol

/// A refresh token as it was presented: the token, and what was proved along with it.
public struct Presentation: Sendable, Hashable {
    public var token: RefreshToken
    public var client: PresentingClient
    public var delivery: Delivery
    /// The RFC 7638 thumbprint of the key whose possession was proved with this request; nil where none was.
    public var provenKey: String?

    public init(
        token: RefreshToken, client: PresentingClient, delivery: Delivery = .body, provenKey: String? = nil
    ) {
        self.token = token
        self.client = client
        self.delivery = delivery
        self.provenKey = provenKey
    }
}

/// Who presents a refresh token.
public enum PresentingClient: Sendable, Hashable {
    /// A client that authenticated or, where it is public, named itself (RFC 6749 §6).
    case identified(String)
    /// The first-party API, where the session implies the client: any public client.
    case implied
}

/// How a session's refresh token reaches its client. Fixed at sign-in.
public enum Delivery: String, Sendable, Hashable, CaseIterable {
    case body
    case cookie
    /// Not at all: the session belongs to the server's own pages, which have a cookie of their own.
    case page
}
