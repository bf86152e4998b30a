/// An identifier of one kind of thing, so that a user's is not taken for a session's.
public struct Identifier<Kind>: Hashable, Comparable, Sendable {
    public let uuid: UUIDv7

    public init(_ uuid: UUIDv7) {
        self.uuid = uuid
    }

    /// Makes a new identifier.
    public init(at time: Timestamp, using random: inout some RandomNumberGenerator) {
        uuid = UUIDv7(at: time, using: &random)
    }

    /// Reads the text form; nil where it is not a version 7 UUID.
    public init?(_ text: some StringProtocol) {
        guard let uuid = UUIDv7(text) else { return nil }
        self.uuid = uuid
    }

    public static func < (left: Identifier, right: Identifier) -> Bool {
        left.uuid < right.uuid
    }
}

extension Identifier: CustomStringConvertible {
    public var description: String { uuid.description }
}

public enum SessionKind {}
public enum UserKind {}

/// Names a session: the `sid` claim of its access tokens.
public typealias SessionID = Identifier<SessionKind>
/// Names a user: the `sub` claim of the user's access tokens.
public typealias UserID = Identifier<UserKind>
