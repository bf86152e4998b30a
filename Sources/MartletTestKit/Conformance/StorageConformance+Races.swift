import MartletCore
import MartletProtocol

extension StorageConformance {
    /// Runs the blocks at once.
    private static func together<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: Value.self) { group in
            for index in 0..<count { group.addTask { try await body(index) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    static let races: [Case] = [
        Case("of 100 presentations of one token one advances and 99 repeat") { subject in
            for durability in Durability.allCases {
                let fixture = try await subject.signIn(subject.addUser(durability.rawValue))
                let results = try await together(100) { index in
                    try await subject.handle(index).present(fixture.token, durability: durability)
                }
                let names = results.map(\.decision.name)
                try requireEqual(names.count { $0 == "advance" }, 1, "the advances")
                try requireEqual(names.count { $0 == "repeat" }, 99, "the repeats")
                for result in results where result.decision.name == "repeat" {
                    try requireEqual(
                        result.session?.head, RefreshTokenTag(of: fixture.token), "the head that a repeat saw")
                }
                let rows = try await subject.storage.sessions(
                    of: fixture.session.userID, includingEnded: true, before: nil, limit: 10)
                try requireEqual(rows.count, 1, "the rows")
                try requireEqual(rows.first?.headGeneration, 1, "the generation of the head")
            }
        },
        Case("of two children of one head one advances, and the other is decided on the new row") { subject in
            for round in 0..<10 {
                let fixture = try await subject.signIn(subject.addUser("user\(round)"))
                _ = try await subject.storage.present(fixture.token)
                let children = [fixture.child(of: fixture.token), fixture.child(of: fixture.token)]
                let results = try await together(2) { index in
                    (index, try await subject.handle(index).present(children[index]).decision)
                }
                let names = results.map(\.1.name).sorted()
                try requireEqual(names, ["advance", "replay"], "the decisions")
                let winner = results.first { $0.1.name == "advance" }.map { children[$0.0] }
                let row = try await subject.row(fixture.session.id)
                try requireEqual(row.head, winner.map { RefreshTokenTag(of: $0) }, "the head")
                try requireEqual(row.end?.reason, .replayDetected, "the reason of the end")
            }
        },
        Case("of two children of one head of a bound session one advances and the other resyncs") { subject in
            for round in 0..<10 {
                let fixture = try await subject.signIn(subject.addUser("user\(round)"), bindingKey: "key")
                _ = try await subject.storage.present(fixture.token, provenKey: "key")
                let children = [fixture.child(of: fixture.token), fixture.child(of: fixture.token)]
                let results = try await together(2) { index in
                    try await subject.handle(index).present(children[index], provenKey: "key")
                }
                try requireEqual(results.map(\.decision.name).sorted(), ["advance", "resync"], "the decisions")
                let row = try await subject.row(fixture.session.id)
                try requireEqual(row.end, nil, "the end")
                let resynced = results.first { $0.decision.name == "resync" }
                try requireEqual(resynced?.session?.head, row.head, "the head that the resync saw")
            }
        },
        Case("presentations of many sessions at once do not mix") { subject in
            let user = try await subject.addUser()
            let fixtures = try await together(20) { _ in try await subject.signIn(user) }
            let results = try await together(100) { index in
                let presenter = Presenter(address: "192.0.2.\(index % 20)", userAgent: "agent \(index % 20)")
                return (
                    index % 20, try await subject.handle(index).present(fixtures[index % 20].token, from: presenter)
                )
            }
            for (number, fixture) in fixtures.enumerated() {
                let own = results.filter { $0.0 == number }.map(\.1)
                try require(
                    own.allSatisfy { $0.session?.id == fixture.session.id }, "an answer went to another session")
                try requireEqual(own.count { $0.decision.name == "advance" }, 1, "the advances of a session")
                try requireEqual(own.count { $0.decision.name == "repeat" }, 4, "the repeats of a session")
                let row = try await subject.row(fixture.session.id)
                try requireEqual(row.head, RefreshTokenTag(of: fixture.token), "the head")
                try requireEqual(row.lastPresenter.userAgent, "agent \(number)", "the user agent")
            }
        },
        Case("a session that has ended never advances") { subject in
            for round in 0..<10 {
                let fixture = try await subject.signIn(subject.addUser("user\(round)"))
                let end = SessionEnd(at: Fixtures.start, reason: .signedOut)
                async let renewals: [RefreshToken] = {
                    var token = fixture.token
                    var accepted: [RefreshToken] = []
                    // Goes on after the first refusal, to see that there is no way back.
                    for index in 0..<60 {
                        let decision = try await subject.handle(index).present(token).decision
                        if case .advance = decision {
                            accepted.append(token)
                            token = fixture.child(of: token)
                        } else {
                            try requireEqual(decision, .ended(end), "the decision after the end")
                        }
                        if index == 50 { _ = try await subject.storage.end(.session(fixture.session.id), end) }
                    }
                    return accepted
                }()
                for _ in 0..<round { _ = try await subject.other.session(fixture.session.id) }
                _ = try await subject.other.end(.session(fixture.session.id), end)
                let atEnd = try await subject.row(fixture.session.id)
                let accepted = try await renewals
                let row = try await subject.row(fixture.session.id)
                try requireEqual(row, atEnd, "the row after the end")
                try requireEqual(row.end, end, "the end")
                let head = accepted.last.map { RefreshTokenTag(of: $0) } ?? fixture.session.head
                try requireEqual(row.head, head, "the head")
            }
        },
        Case("a sign-in that races with disabling the user leaves no session") { subject in
            for round in 0..<5 {
                let user = try await subject.addUser("user\(round)")
                try await requireNoSessionLeft(of: user, reason: .userDisabled, in: subject) { storage in
                    try await storage.setDisabled(true, of: user.id, at: Fixtures.start)
                }
            }
        },
        Case("a sign-in that races with a new password leaves no session") { subject in
            for round in 0..<5 {
                let user = try await subject.addUser("user\(round)")
                try await requireNoSessionLeft(of: user, reason: .passwordChanged, in: subject) { storage in
                    try await storage.setPassword(
                        of: user.id, to: PasswordHash(text: "new"), expectedVersion: 1, keeping: nil,
                        at: Fixtures.start)
                }
            }
        },
        Case("a sign-in that races with the removal of its client leaves no session") { subject in
            let user = try await subject.addUser()
            for round in 0..<5 {
                let client = "app\(round)"
                try await subject.storage.insert(Fixtures.client(client))
                try await requireNoSessionLeft(of: user, client: client, reason: .clientRemoved, in: subject) {
                    storage in
                    try await storage.removeClient(client, at: Fixtures.start)
                }
            }
        },
        Case("of two password changes against one version one is made") { subject in
            for round in 0..<5 {
                let user = try await subject.addUser("user\(round)")
                let results = try await together(4) { index in
                    try await subject.handle(index).setPassword(
                        of: user.id, to: PasswordHash(text: "new \(index)"), expectedVersion: 1, keeping: nil,
                        at: Fixtures.start)
                }
                try requireEqual(results.count { $0 != nil }, 1, "the changes that were made")
                try requireEqual(await subject.storage.user(user.id)?.securityVersion, 2, "the security version")
            }
        },
        Case("of two users of one name one is made") { subject in
            let results = try await together(8) { index in
                do {
                    try await subject.handle(index).insert(Fixtures.user("alice"))
                    return true
                } catch let error as StorageError {
                    try requireEqual(error.code.rawValue, StorageError.Code.conflict.rawValue, "the error")
                    return false
                }
            }
            try requireEqual(results.count { $0 }, 1, "the users that were made")
        },
        Case("of two first keys one is made") { subject in
            let results = try await together(8) { index in
                try await subject.handle(index).insert(Fixtures.key(id: "key \(index)"), expectedCount: 0)
            }
            try requireEqual(results.count { $0 }, 1, "the keys that were made")
            try requireEqual(await subject.storage.keys().count, 1, "the keys that are there")
        },
        Case("a cancelled task gets its answer all the same") { subject in
            let fixture = try await subject.signIn()
            for _ in 0..<20 {
                // Unstructured, since a child task cannot be cancelled alone; it is awaited below.
                let task = Task { try await subject.storage.present(fixture.token).decision.name }
                task.cancel()
                do {
                    try require(["advance", "repeat"].contains(await task.value), "the decision is another")
                } catch is CancellationError {
                    continue
                } catch is StorageError {
                    continue
                }
            }
            try requireEqual(await subject.storage.present(fixture.token).decision.name, "repeat", "the decision")
            let end = SessionEnd(at: Fixtures.start, reason: .signedOut)
            let task = Task { try await subject.storage.end(.session(fixture.session.id), end) }
            task.cancel()
            let ended = (try? await task.value) ?? []
            try requireEqual(
                await subject.row(fixture.session.id).end != nil, !ended.isEmpty, "whether the session has ended")
        },
    ]

    private static func requireNoSessionLeft(
        of user: User, client: String = ClientRegistration.firstPartyID, reason: EndReason, in subject: Subject,
        after change: @escaping @Sendable (any Storage) async throws -> [SessionID]?
    ) async throws {
        let made = try await together(16) { index -> (made: SessionID?, ended: [SessionID]) in
            if index == 8 {
                guard let ended = try await change(subject.other) else {
                    throw Failure(description: "the change was not made")
                }
                return (nil, ended)
            }
            let session = SessionFixture(of: user.id, client: client).session
            let isMade = try await subject.handle(index).insert(session, userVersion: user.securityVersion)
            return (isMade ? session.id : nil, [])
        }
        let sessions = made.compactMap(\.made)
        try requireEqual(Set(made.flatMap(\.ended)), Set(sessions), "the sessions that the change ended")
        for id in sessions { try requireEqual(await subject.row(id).end?.reason, reason, "the end of a session") }
        let left = try await subject.storage.sessions(of: user.id, includingEnded: false, before: nil, limit: 100)
        try requireEqual(left, [], "the sessions that are left")
    }
}
