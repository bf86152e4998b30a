import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let everything = 0..<Int64.max
    private static let end = SessionEnd(at: Fixtures.start, reason: .signedOut)

    /// The index of a session that has to have one.
    private static func givenIndex(of session: SessionID, in subject: Subject) async throws -> Int64 {
        guard let index = try await subject.other.statusIndex(of: session) else {
            throw Failure(description: "a session has no index in the status lists")
        }
        return index
    }

    private static func live(_ subject: Subject, in range: Range<Int64> = everything) async throws -> [Int64] {
        try await subject.other.statuses(in: range).live.sorted()
    }

    static let statuses: [Case] = [
        Case("each session that is made gets the next index, and only those") { subject in
            try requireEqual(await subject.storage.statuses(in: everything), SessionStatuses(next: 0, live: []), "none")
            let user = try await subject.addUser()
            for number in 0..<5 {
                let session = SessionFixture(of: user.id).session
                try require(
                    await subject.handle(number).insert(session, userVersion: user.securityVersion),
                    "a session was refused")
                try requireEqual(await givenIndex(of: session.id, in: subject), Int64(number), "the index of a session")
                let refused = SessionFixture(of: user.id).session
                _ = try await subject.handle(number).insert(refused, userVersion: 7)
                try requireEqual(await subject.storage.statusIndex(of: refused.id), nil, "the index of none")
            }
            try requireEqual(await subject.other.statuses(in: everything).next, 5, "the next index")
            try requireEqual(await live(subject), [0, 1, 2, 3, 4], "those that go on")
            try requireEqual(await live(subject, in: 1..<4), [1, 2, 3], "those in a range")
            try requireEqual(await live(subject, in: 5..<9), [], "those that are still to come")
        },
        Case("a presentation tells the index") { subject in
            let user = try await subject.addUser()
            _ = try await subject.signIn(user)
            let fixture = try await subject.signIn(user)
            let index = try await givenIndex(of: fixture.session.id, in: subject)
            for (time, what) in [(0, "an advance"), (0, "a repeat"), (100, "a repeat much later")] {
                let presented = try await subject.storage.present(
                    fixture.token, at: Fixtures.start + .seconds(time))
                try requireEqual(presented.statusIndex, index, what)
            }
            let unknown = SessionFixture(of: user.id)
            try requireEqual(await subject.storage.present(unknown.token).statusIndex, nil, "an unknown session")
            try requireEqual(await givenIndex(of: fixture.session.id, in: subject), index, "it stays the same")
        },
        Case("a session is live until it ends, whoever ends it") { subject in
            let ends: [(String, @Sendable (SessionFixture, any Storage) async throws -> Void)] = [
                ("an end", { _ = try await $1.end(.session($0.session.id), end) }),
                ("an end of the user's", { _ = try await $1.end(.user($0.session.userID, except: nil), end) }),
                (
                    "an end of older ones",
                    { _ = try await $1.end(.madeBefore($0.session.createdAt + .seconds(1)), end) }
                ),
                ("a disabled user", { _ = try await $1.setDisabled(true, of: $0.session.userID, at: Fixtures.start) }),
                ("a removed user", { _ = try await $1.removeUser($0.session.userID, at: Fixtures.start) }),
                (
                    "a replay",
                    {
                        _ = try await $1.present($0.token)
                        _ = try await $1.present($0.child(of: $0.token))
                        let now = Fixtures.start + .seconds(100)
                        try requireEqual(await $1.present($0.token, at: now).decision.name, "replay", "the decision")
                    }
                ),
                (
                    "a sweep",
                    {
                        let now = Fixtures.start + .seconds(400 * 86_400)
                        _ = try await $1.sweep(at: now, grace: .zero, forgetting: Fixtures.start, limit: 100)
                    }
                ),
                ("all", { _ = try await $1.end(.all, end) }),
            ]
            for (number, (what, end)) in ends.enumerated() {
                // One that a covering entry of an earlier end does not keep out.
                let time = Fixtures.start + .seconds(10 * (number + 1))
                let fixture = try await subject.signIn(subject.addUser("user\(number)"), at: time)
                let index = try await givenIndex(of: fixture.session.id, in: subject)
                try require(await live(subject).contains(index), "before \(what): not live")
                try await end(fixture, subject.handle(number))
                try require(await !live(subject).contains(index), "after \(what): still live")
                try requireEqual(await subject.storage.statusIndex(of: fixture.session.id), index, "after \(what)")
            }
        },
        Case("no index is given twice, also after its session was forgotten") { subject in
            let user = try await subject.addUser()
            for _ in 0..<3 { _ = try await subject.signIn(user) }
            _ = try await subject.storage.end(.user(user.id, except: nil), end)
            let now = Fixtures.start + .seconds(1)
            _ = try await subject.storage.sweep(at: now, grace: .zero, forgetting: now, limit: 100)
            try requireEqual(
                await subject.storage.sessions(of: user.id, includingEnded: true, before: nil, limit: 10), [],
                "what is forgotten")
            let next = try await subject.signIn(user, at: now)
            try requireEqual(await givenIndex(of: next.session.id, in: subject), 3, "the next index")
            try requireEqual(await live(subject), [3], "those that go on")
        },
        Case("sign-ins at the same time get an index each") { subject in
            let user = try await subject.addUser()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let session = SessionFixture(of: user.id).session
                        try require(
                            await subject.handle(number).insert(session, userVersion: user.securityVersion),
                            "a session was refused")
                    }
                }
                try await group.waitForAll()
            }
            try requireEqual(await subject.storage.statuses(in: everything).next, 50, "the next index")
            try requireEqual(await live(subject), Array(0..<50), "those that go on")
        },
    ]
}
