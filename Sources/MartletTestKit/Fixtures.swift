public import MartletCore
public import MartletProtocol

/// Users, clients, sessions and keys for tests. What a test does not name has a sensible value.
public enum Fixtures {
    /// 2026-01-01T00:00:00Z.
    public static let start = Timestamp(milliseconds: 1_767_225_600_000)

    public static func userID(at time: Timestamp = start) -> UserID {
        var random = SecureRandom()
        return UserID(at: time, using: &random)
    }

    public static func sessionID(at time: Timestamp = start) -> SessionID {
        var random = SecureRandom()
        return SessionID(at: time, using: &random)
    }

    /// An enabled user of security version 1. The hash belongs to no password.
    public static func user(
        _ username: String = "alice", email: String? = nil, roles: [String] = [], createdAt: Timestamp = start
    ) -> User {
        User(
            id: userID(at: createdAt), username: username, email: email, roles: roles,
            passwordHash: PasswordHash(text: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
            createdAt: createdAt, passwordChangedAt: createdAt
        )
    }

    /// A public client.
    public static func client(
        _ id: String, kind: ClientKind = .public, scopes: [String] = [], createdAt: Timestamp = start
    ) -> ClientRegistration {
        ClientRegistration(id: id, kind: kind, scopes: scopes, createdAt: createdAt)
    }

    /// A key record that seals nothing.
    public static func key(
        _ kind: KeyRecord.Kind = .signing, id: String, activeAt: Timestamp = start
    ) -> KeyRecord {
        KeyRecord(
            kind: kind, id: id, algorithm: kind == .signing ? "ES256" : "HS256", sealed: [1, 2, 3],
            createdAt: activeAt, activeAt: activeAt
        )
    }
}
