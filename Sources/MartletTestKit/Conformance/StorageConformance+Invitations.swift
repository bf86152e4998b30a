import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let hash = [UInt8](repeating: 7, count: 32)
    private static let otherHash = [UInt8](repeating: 8, count: 32)
    private static let week = Fixtures.start + .seconds(7 * 86_400)

    static let invitations: [Case] = [
        Case("an invitation is read back as it was made, and makes one user") { subject in
            let invitation = Invitation(
                hash: hash, email: "ada@example.org", roles: ["editor", "audit:read"], expiresAt: week)
            let plain = Invitation(hash: otherHash, expiresAt: week + .milliseconds(1))
            try await subject.storage.insert(invitation, at: Fixtures.start)
            try await subject.other.insert(plain, at: Fixtures.start)
            try requireEqual(await subject.other.invitation(hash, at: Fixtures.start), invitation, "the invitation")
            try requireEqual(await subject.storage.invitation(otherHash, at: Fixtures.start), plain, "another one")
            let user = Fixtures.user("ada")
            try require(
                await subject.storage.insert(user, invitedBy: hash, at: Fixtures.start), "an invitation did not work")
            try requireEqual(await subject.other.user(user.id), user, "the user")
            try requireEqual(await subject.other.invitation(hash, at: Fixtures.start), nil, "one that was used")
            try require(
                await !subject.other.insert(Fixtures.user("eve"), invitedBy: hash, at: Fixtures.start),
                "an invitation worked again")
            try requireEqual(await subject.storage.user(named: UsernameKey("eve")), nil, "a second user")
            try requireEqual(await subject.other.invitation(otherHash, at: Fixtures.start), plain, "the other one")
        },
        Case("an invitation works until it expires, and is then forgotten") { subject in
            try await subject.storage.insert(Invitation(hash: hash, expiresAt: week), at: Fixtures.start)
            let last = week - .milliseconds(1)
            try require(await subject.storage.invitation(hash, at: last) != nil, "it is gone before its time")
            try requireEqual(await subject.storage.invitation(hash, at: week), nil, "one that has expired")
            try require(
                await !subject.storage.insert(Fixtures.user(), invitedBy: hash, at: week), "it worked late")
            try requireEqual(await subject.storage.users(after: nil, limit: 10), [], "the users")
            try await subject.storage.insert(
                Invitation(hash: otherHash, expiresAt: week + .seconds(1)), at: week)
            try requireEqual(
                await subject.storage.invitation(hash, at: Fixtures.start), nil, "it after another was made")
            try require(
                await !subject.storage.insert(Fixtures.user(), invitedBy: [UInt8](repeating: 9, count: 32), at: week),
                "one that never was worked")
        },
        Case("an invitation is left as it is where the username is taken") { subject in
            try await subject.storage.insert(Fixtures.user("alice"))
            try await subject.storage.insert(Invitation(hash: hash, expiresAt: week), at: Fixtures.start)
            try await requireError(.conflict, "a taken name") {
                _ = try await subject.storage.insert(Fixtures.user("ALICE"), invitedBy: hash, at: Fixtures.start)
            }
            try require(await subject.storage.invitation(hash, at: Fixtures.start) != nil, "the invitation is gone")
        },
        Case("many who follow an invitation at once make one user") { subject in
            try await subject.storage.insert(Invitation(hash: hash, expiresAt: week), at: Fixtures.start)
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await subject.handle(number).insert(
                            Fixtures.user("user\(number)"), invitedBy: hash, at: Fixtures.start)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try requireEqual(made, 1, "those that the invitation made")
            try requireEqual(await subject.storage.users(after: nil, limit: 100).count, 1, "the users")
        },
    ]
}
