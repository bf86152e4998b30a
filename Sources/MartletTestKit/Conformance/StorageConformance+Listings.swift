import MartletCore
import MartletProtocol

extension StorageConformance {
    static let listings: [Case] = [
        Case("users are listed by name, by the beginning of it, and by age") { subject in
            var ids: [UserID] = []
            for name in ["bob", "Alice", "al", "alí", "ALBERT", "am", "%", "a_b"] {
                ids.append(try await subject.addUser(name).id)
            }
            func names(_ prefix: String, after: String? = nil, limit: Int = 10) async throws -> [String] {
                try await subject.other.users(
                    namedFrom: UsernameKey(prefix), after: after.map(UsernameKey.init), limit: limit
                ).map(\.username)
            }
            try requireEqual(await names(""), ["%", "a_b", "al", "ALBERT", "Alice", "alí", "am", "bob"], "all of them")
            try requireEqual(await names("AL"), ["al", "ALBERT", "Alice", "alí"], "those that begin so")
            try requireEqual(await names("al", after: "albert", limit: 1), ["Alice"], "the next page")
            try requireEqual(await names("", after: "am"), ["bob"], "the last page")
            try requireEqual(await names("a_"), ["a_b"], "a sign that is none of SQL's")
            try requireEqual(await names("%"), ["%"], "another")
            try requireEqual(await names("zed"), [], "none")
            try requireEqual(await names("a\0"), [], "a name that cannot be")
            try requireEqual(await names("", limit: 0), [], "an empty page")

            let newest = try await subject.other.users(before: nil, limit: 3).map(\.id)
            try requireEqual(newest, Array(ids.sorted().reversed().prefix(3)), "the newest")
            let rest = try await subject.other.users(before: newest.last, limit: 100).map(\.id)
            try requireEqual(newest + rest, ids.sorted().reversed(), "the pages together")

            let nobody = Fixtures.userID()
            let named = try await subject.other.usernames(of: [ids[0], ids[3], nobody])
            try requireEqual(named, [ids[0]: "bob", ids[3]: "alí"], "the names of some, and of nobody")
            try requireEqual(await subject.other.usernames(of: []), [:], "the names of none")
        },
        Case("live and ended sessions are listed a page at a time, each once") { subject in
            let user = try await subject.addUser()
            var made: [SessionID] = []
            for number in 0..<9 {
                made.append(
                    try await subject.signIn(user, at: Fixtures.start + .seconds(number)).session.id)
            }
            // Two at the same moment, and not in the order in which they were made.
            for (place, time) in [(2, 5), (7, 3), (4, 5), (0, 9)] {
                _ = try await subject.storage.end(
                    .session(made[place]),
                    SessionEnd(at: Fixtures.start + .seconds(100 + time), reason: .revokedByAdmin))
            }
            var live: [SessionID] = []
            repeat {
                let page = try await subject.other.liveSessions(before: live.last, limit: 2)
                if page.isEmpty { break }
                live += page.map(\.id)
            } while live.count < 20
            try requireEqual(live, [8, 6, 5, 3, 1].map { made[$0] }, "those that go on")

            var ended: [SessionID] = []
            repeat {
                let page = try await subject.other.endedSessions(before: ended.last, limit: 1)
                if page.isEmpty { break }
                ended += page.map(\.id)
            } while ended.count < 20
            let together = [made[2], made[4]].sorted().reversed()
            try requireEqual(ended, [made[0]] + together + [made[7]], "those that ended")
            try requireEqual(await subject.other.liveSessions(before: nil, limit: 0), [], "an empty page")
        },
        Case("figures count what there is, span by span") { subject in
            let times = (0...3).map { Fixtures.start + .seconds(100 * $0) }
            try requireEqual(
                await subject.storage.figures(between: times),
                StorageFigures(users: 0, liveSessions: 0, signIns: [0, 0, 0], ends: [0, 0, 0]), "of nothing")
            let user = try await subject.addUser()
            var made: [SessionID] = []
            for second in [-50, 0, 10, 99, 200] {
                made.append(try await subject.signIn(user, at: Fixtures.start + .seconds(second)).session.id)
            }
            for (place, second) in [(0, 100), (1, 199)] {
                _ = try await subject.storage.end(
                    .session(made[place]), SessionEnd(at: Fixtures.start + .seconds(second), reason: .signedOut))
            }
            try requireEqual(
                await subject.other.figures(between: times),
                StorageFigures(users: 1, liveSessions: 3, signIns: [3, 0, 1], ends: [0, 2, 0]), "of five sessions")
            try requireEqual(
                await subject.other.figures(between: []),
                StorageFigures(users: 1, liveSessions: 3, signIns: [], ends: []), "without spans")
        },
    ]
}
