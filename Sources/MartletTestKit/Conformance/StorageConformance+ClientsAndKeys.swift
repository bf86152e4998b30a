import MartletCore
import MartletJOSE
import MartletProtocol

extension StorageConformance {
    static let clients: [Case] = [
        Case("a client is read back as it was inserted") { subject in
            let plain = Fixtures.client("app")
            let full = ClientRegistration(
                id: "Web.app_2-x", kind: .confidential(secretHash: Array(0..<32)), scopes: ["read", "write:all"],
                audience: "https://api.example.org", profile: "banking",
                overrides: SessionPolicy.Overrides(
                    accessLifetime: .seconds(300), idleLimit: .milliseconds(1_500), absoluteLimit: .seconds(86_400),
                    mode: .strict, lateWindow: .milliseconds(2_500), repeatLimit: .seconds(3_600)),
                origins: ["https://app.example.org", "http://localhost:5173"].compactMap(WebOrigin.init),
                claims: ["tier": "gold\u{0}\"é", "limits": ["calls": 100, "burst": [1, 2.5, nil, true]]],
                createdAt: Fixtures.start + .milliseconds(1)
            )
            try await subject.storage.insert(plain)
            try await subject.storage.insert(full)
            try requireEqual(await subject.other.client(plain.id), plain, "a public client")
            try requireEqual(await subject.other.client(full.id), full, "a client with everything")
            for id in ["other", "APP", "app\0", ""] {
                try requireEqual(await subject.storage.client(id), nil, "an unknown client")
            }
            try await requireError(.conflict, "a client with an id that is taken") {
                try await subject.other.insert(Fixtures.client("app", scopes: ["more"]))
            }
            try requireEqual(await subject.storage.client(plain.id), plain, "the client that was there")
        },
        Case("clients are listed in order of their ids") { subject in
            for id in ["b", "a1", "c", "a"] { try await subject.storage.insert(Fixtures.client(id)) }
            try requireEqual(await subject.other.clients().map(\.id), ["a", "a1", "b", "c"], "the clients")
        },
        Case("a removed client's sessions end") { subject in
            try await subject.storage.insert(Fixtures.client("app"))
            let user = try await subject.addUser()
            let session = try await subject.signIn(user, client: "app").session
            let stranger = try await subject.signIn(user).session
            let now = Fixtures.start + .seconds(60)
            try requireEqual(await subject.storage.removeClient("app", at: now), [session.id], "the ended sessions")
            try requireEqual(
                await subject.row(session.id).end, SessionEnd(at: now, reason: .clientRemoved), "the end of the session"
            )
            try requireEqual(await subject.row(stranger.id).end, nil, "the end of another client's session")
            try requireEqual(await subject.other.client("app"), nil, "the removed client")
            try requireEqual(await subject.storage.removeClient("app", at: now), nil, "a second removal")
        },
    ]

    static let keys: [Case] = [
        Case("a key is inserted if the keys of its kind still have the expected number") { subject in
            let insert = { (key: KeyRecord, count: Int) in
                try await subject.storage.insert(key, expectedCount: count)
            }
            let first = KeyRecord(
                kind: .signing, id: "thumbprint", algorithm: "EdDSA", sealed: Array(0...255),
                createdAt: Fixtures.start - .seconds(5), activeAt: Fixtures.start
            )
            try requireEqual(await insert(first, 1), false, "a key of one too many")
            try requireEqual(await subject.storage.keys(), [], "the keys after that")
            try requireEqual(await insert(first, 0), true, "the first key")
            try requireEqual(await insert(Fixtures.key(id: "2"), 0), false, "a second first key")
            try requireEqual(await subject.other.keys(), [first], "the keys")
            try requireEqual(
                await insert(Fixtures.key(.refreshTokenMAC, id: "2"), 0), true, "the first key of another kind")
            try requireEqual(await insert(Fixtures.key(id: "2"), 1), true, "the second key")
            try await requireError(.conflict, "a key with an id that is taken") { _ = try await insert(first, 2) }
            try requireEqual(await subject.other.keys().count, 3, "the number of keys")
        },
        Case("keys are listed in order of when they become active") { subject in
            for (count, second) in [3, 1, 2].enumerated() {
                let key = Fixtures.key(id: "\(second)", activeAt: Fixtures.start + .seconds(second))
                try require(await subject.storage.insert(key, expectedCount: count), "a key was refused")
            }
            try requireEqual(await subject.other.keys().map(\.id), ["1", "2", "3"], "the keys")
        },
        Case("a key is removed by kind and id") { subject in
            for kind in KeyRecord.Kind.allCases {
                try require(
                    await subject.storage.insert(Fixtures.key(kind, id: "1"), expectedCount: 0), "a key was refused")
            }
            try await subject.storage.removeKey(kind: .signing, id: "2")
            try await subject.storage.removeKey(kind: .signing, id: "1")
            try requireEqual(await subject.other.keys().map(\.kind), [.refreshTokenMAC], "the kinds that are left")
        },
    ]

    static let counter: [Case] = [
        Case("the change counter changes with users, clients and keys, whoever writes them") { subject in
            let user = Fixtures.user()
            let changes: [(String, @Sendable (any Storage) async throws -> Void)] = [
                ("a user", { try await $0.insert(user) }),
                (
                    "a password hash",
                    {
                        try await $0.upgradePasswordHash(
                            of: user.id, from: user.passwordHash, to: PasswordHash(text: "new"))
                    }
                ),
                (
                    "a password",
                    {
                        _ = try await $0.setPassword(
                            of: user.id, to: user.passwordHash, expectedVersion: nil, keeping: nil, at: Fixtures.start)
                    }
                ),
                ("a disabled user", { _ = try await $0.setDisabled(true, of: user.id, at: Fixtures.start) }),
                ("an enabled user", { _ = try await $0.setDisabled(false, of: user.id, at: Fixtures.start) }),
                ("a client", { try await $0.insert(Fixtures.client("app")) }),
                ("a removed client", { _ = try await $0.removeClient("app", at: Fixtures.start) }),
                ("a key", { _ = try await $0.insert(Fixtures.key(id: "1"), expectedCount: 0) }),
                ("a removed key", { try await $0.removeKey(kind: .signing, id: "1") }),
                ("a removed user", { _ = try await $0.removeUser(user.id, at: Fixtures.start) }),
            ]
            for writer in 0...1 {
                for (what, change) in changes {
                    let before = [
                        try await subject.storage.changeCounter(), try await subject.other.changeCounter(),
                    ]
                    try await change(subject.handle(writer))
                    let after = [
                        try await subject.storage.changeCounter(), try await subject.other.changeCounter(),
                    ]
                    try require(
                        before[0] != after[0] && before[1] != after[1], "\(what) did not change the change counter")
                }
            }
        }
    ]
}
