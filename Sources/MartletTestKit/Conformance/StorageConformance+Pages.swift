import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let hash = [UInt8](repeating: 7, count: 32)
    private static let otherHash = [UInt8](repeating: 8, count: 32)
    private static let end = SessionEnd(at: Fixtures.start, reason: .signedOut)

    static let pages: [Case] = [
        Case("a page cookie leads to its session and its user, and to no other") { subject in
            let user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            _ = try await subject.signIn(user)
            try requireEqual(await subject.storage.pageSession(cookie: hash), nil, "before it is bound")
            try require(await subject.storage.bindPageCookie(hash, to: session.id), "a cookie was not bound")
            try requireEqual(
                await subject.other.pageSession(cookie: hash), PageSession(session: session, user: user), "its session")
            try requireEqual(await subject.other.pageSession(cookie: otherHash), nil, "another cookie's session")
        },
        Case("no page cookie is bound to a session that has ended or is not there") { subject in
            let session = try await subject.signIn().session
            _ = try await subject.storage.end(.session(session.id), end)
            try require(await !subject.storage.bindPageCookie(hash, to: session.id), "bound to one that has ended")
            let unknown = SessionFixture(of: session.userID).session
            try require(await !subject.storage.bindPageCookie(hash, to: unknown.id), "bound to none")
            try requireEqual(await subject.other.pageSession(cookie: hash), nil, "its session")
        },
        Case("a page cookie says why its session ended, until that is forgotten") { subject in
            let user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            try require(await subject.storage.bindPageCookie(hash, to: session.id), "a cookie was not bound")
            _ = try await subject.storage.removeUser(user.id, at: Fixtures.start)
            let found = try await subject.other.pageSession(cookie: hash)
            try requireEqual(found?.session.end?.reason, .userRemoved, "the reason")
            try requireEqual(found?.user, nil, "the user")
            let now = Fixtures.start + .seconds(1)
            _ = try await subject.storage.sweep(at: now, grace: .zero, forgetting: now, limit: 100)
            try requireEqual(await subject.other.pageSession(cookie: hash), nil, "after the session was forgotten")
        },
        Case("a use of a page is written unless another was just before, and never after the end") { subject in
            let session = try await subject.signIn().session
            let presenter = Presenter(address: "192.0.2.7", userAgent: "browser")
            let later = Fixtures.start + .seconds(60)
            try await subject.storage.see(
                session.id, from: presenter, at: later, unlessSeenAfter: later - .seconds(5))
            var row = try await subject.row(session.id)
            try requireEqual(row.lastSeenAt, later, "when it was seen")
            try requireEqual(row.lastPresenter, presenter, "by whom")
            try requireEqual(row.head, session.head, "its head")
            try await subject.storage.see(
                session.id, from: Presenter(), at: later + .seconds(1), unlessSeenAfter: later - .seconds(4))
            row = try await subject.row(session.id)
            try requireEqual(row.lastSeenAt, later, "when it was just seen")
            _ = try await subject.storage.end(.session(session.id), end)
            let after = later + .seconds(60)
            try await subject.storage.see(session.id, from: Presenter(), at: after, unlessSeenAfter: after)
            row = try await subject.row(session.id)
            try requireEqual(row.lastSeenAt, later, "when it has ended")
        },
    ]

    private static let hour = Fixtures.start + .seconds(3_600)

    private static func administrator(_ username: String = "root") -> User {
        var user = Fixtures.user(username)
        user.roles = ["auditor", Role.admin]
        return user
    }

    static let firstAdministrator: [Case] = [
        Case("a link makes one administrator, and is used up with all others") { subject in
            try require(
                await subject.storage.insertAdministratorLink(hash, expiresAt: hour, at: Fixtures.start), "not added")
            try require(
                await subject.other.insertAdministratorLink(otherHash, expiresAt: hour, at: Fixtures.start),
                "a second one not added")
            for link in [hash, otherHash] {
                try require(await subject.other.isAdministratorLink(link, at: Fixtures.start), "a link is not there")
            }
            let user = administrator()
            try require(
                await subject.storage.insertAdministrator(user, link: hash, at: Fixtures.start), "a link did not work")
            try requireEqual(await subject.other.user(user.id), user, "the administrator")
            for link in [hash, otherHash] {
                try require(await !subject.other.isAdministratorLink(link, at: Fixtures.start), "a link is left")
                try require(
                    await !subject.other.insertAdministrator(administrator("eve"), link: link, at: Fixtures.start),
                    "a link worked again")
            }
            try requireEqual(await subject.storage.user(named: UsernameKey("eve")), nil, "a second administrator")
        },
        Case("a link works for its time only, and not at all where there is an administrator") { subject in
            try require(
                await subject.storage.insertAdministratorLink(hash, expiresAt: hour, at: Fixtures.start), "not added")
            try require(await !subject.storage.isAdministratorLink(hash, at: hour), "it is there after its hour")
            try require(
                await !subject.storage.insertAdministrator(administrator(), link: hash, at: hour), "it worked late")
            // Another role of this name in it, and another case, are no administrator.
            var other = Fixtures.user("other")
            other.roles = ["admin2", "Admin", "not-admin"]
            try await subject.storage.insert(other)
            try require(await subject.storage.isAdministratorLink(hash, at: Fixtures.start), "there is none yet")
            try await subject.storage.insert(administrator("boss"))
            try require(await !subject.storage.isAdministratorLink(hash, at: Fixtures.start), "there is one by now")
            try require(
                await !subject.storage.insertAdministrator(administrator(), link: hash, at: Fixtures.start),
                "it worked beside an administrator")
            try require(
                await !subject.storage.insertAdministratorLink(otherHash, expiresAt: hour, at: Fixtures.start),
                "another was added")
        },
        Case("a link is left as it is where the username is taken") { subject in
            try await subject.storage.insert(Fixtures.user("alice"))
            _ = try await subject.storage.insertAdministratorLink(hash, expiresAt: hour, at: Fixtures.start)
            try await requireError(.conflict, "a taken name") {
                _ = try await subject.storage.insertAdministrator(
                    administrator("ALICE"), link: hash, at: Fixtures.start)
            }
            try require(await subject.storage.isAdministratorLink(hash, at: Fixtures.start), "the link is gone")
        },
        Case("many who follow a link at once make one administrator") { subject in
            _ = try await subject.storage.insertAdministratorLink(hash, expiresAt: hour, at: Fixtures.start)
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await subject.handle(number).insertAdministrator(
                            administrator("root\(number)"), link: hash, at: Fixtures.start)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try requireEqual(made, 1, "those that the link made")
            try requireEqual(await subject.storage.users(after: nil, limit: 100).count, 1, "the users")
        },
    ]
}
