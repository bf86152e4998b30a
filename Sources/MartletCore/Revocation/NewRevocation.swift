public import MartletProtocol

/// An entry of the denylist that is to be written.
public struct NewRevocation: Sendable, Hashable {
    public var entry: RevocationEntry
    public var audience: RevocationAudience

    public init(_ entry: RevocationEntry, audience: RevocationAudience) {
        self.entry = entry
        self.audience = audience
    }
}

/// A session that was ended just now, as far as its entry is concerned.
public struct EndedSession: Sendable, Hashable {
    public var id: SessionID
    public var clientID: String

    public init(id: SessionID, clientID: String) {
        self.id = id
        self.clientID = clientID
    }
}
