import MartletCore
import MartletProtocol
import Synchronization

extension StorageConformance {
    private static let presenter = Presenter(address: "192.0.2.1", userAgent: "Later/2.0")
    private static let later = Fixtures.start + .seconds(30)

    /// Presents a token later and from elsewhere, and checks that the row is as it was.
    private static func requireNoWrite(
        _ expected: String, of token: RefreshToken, in subject: Subject, client: PresentingClient = .implied,
        provenKey: String? = nil, at now: Timestamp = later
    ) async throws {
        let before = try await subject.row(token.session)
        let result = try await subject.storage.present(
            token, client: client, provenKey: provenKey, from: presenter, at: now)
        try requireEqual(result.decision.name, expected, "the decision")
        try requireEqual(result.session, before, "the row that \(expected) was decided on")
        try requireEqual(await subject.other.session(token.session), before, "the row after \(expected)")
    }

    static let presentations: [Case] = [
        Case("a presentation of an unknown session is decided on no row") { subject in
            let seen = Mutex<[Bool]>([])
            let result = try await subject.storage.present(
                Fixtures.sessionID(), from: presenter, at: later, durability: .relaxed
            ) { session in
                seen.withLock { $0.append(session == nil) }
                return .unknown
            }
            try requireEqual(result.decision, .unknown, "the decision")
            try requireEqual(result.session, nil, "the row")
            try requireEqual(seen.withLock { $0 }, [true], "the decisions on no row")
        },
        Case("an advance writes the head and when, where and by what the session was last seen") { subject in
            for durability in Durability.allCases {
                let fixture = try await subject.signIn(subject.addUser(durability.rawValue))
                let before = try await subject.row(fixture.session.id)
                let result = try await subject.storage.present(
                    fixture.token, from: presenter, at: later, durability: durability)
                try requireEqual(result.decision.name, "advance", "the decision")
                try requireEqual(result.session, before, "the row that was decided on")
                var after = before
                after.head = RefreshTokenTag(of: fixture.token)
                after.headGeneration = 1
                after.previous = fixture.token.parent
                after.advancedAt = later
                after.lateFloor = LateFloor(generation: 0, next: 0, openedAt: later)
                after.lastSeenAt = later
                after.lastPresenter = presenter
                try requireEqual(await subject.other.session(before.id), after, "the row after the advance")
            }
        },
        Case("a chain of advances is written link by link") { subject in
            let fixture = try await subject.signIn()
            var token = fixture.token
            for generation in 1...20 {
                let now = Fixtures.start + .seconds(generation)
                let result = try await subject.handle(generation).present(token, from: presenter, at: now)
                try requireEqual(result.decision.name, "advance", "presentation \(generation)")
                let row = try await subject.row(fixture.session.id)
                try requireEqual(row.head, RefreshTokenTag(of: token), "the head")
                try requireEqual(row.previous, token.parent, "the token before the head")
                try requireEqual(row.headGeneration, UInt32(generation), "the generation")
                token = fixture.child(of: token, at: now)
            }
        },
        Case("repeat, late, mismatch, expired and unknown write nothing") { subject in
            let fixture = try await subject.signIn()
            _ = try await subject.storage.present(fixture.token)
            try await requireNoWrite("repeat", of: fixture.token, in: subject)
            try await requireNoWrite("mismatch", of: fixture.token, in: subject, client: .identified("other"))
            try await requireNoWrite(
                "expired", of: fixture.token, in: subject, at: fixture.session.absoluteLimit + .milliseconds(1))
            _ = try await subject.storage.present(fixture.child(of: fixture.token))
            try await requireNoWrite("late", of: fixture.token, in: subject)
            let stranger = SessionFixture(of: fixture.session.userID, id: fixture.session.id)
            try await requireNoWrite("unknown", of: stranger.token, in: subject)
        },
        Case("resync and ended write nothing") { subject in
            let fixture = try await subject.signIn(bindingKey: "key")
            _ = try await subject.storage.present(fixture.token, provenKey: "key")
            _ = try await subject.storage.present(fixture.child(of: fixture.token), provenKey: "key")
            try await requireNoWrite("resync", of: fixture.token, in: subject, provenKey: "key")
            _ = try await subject.storage.end(
                .session(fixture.session.id), SessionEnd(at: Fixtures.start, reason: .signedOut))
            try await requireNoWrite("ended", of: fixture.token, in: subject, provenKey: "key")
        },
        Case("a recovered token becomes the head") { subject in
            let fixture = try await subject.signIn()
            let lost = fixture.child(of: fixture.token)
            let token = fixture.child(of: lost)
            let result = try await subject.storage.present(token, from: presenter, at: later)
            try requireEqual(result.decision.name, "recovered", "the decision")
            let row = try await subject.row(fixture.session.id)
            try requireEqual(row.head, RefreshTokenTag(of: token), "the head")
            try requireEqual(row.previous, RefreshTokenTag(of: lost), "the token before the head")
            try requireEqual(row.headGeneration, 3, "the generation")
            try requireEqual(row.lastSeenAt, later, "when it was last seen")
        },
        Case("a kept token slides the idle limit, and nothing else") { subject in
            let fixture = try await subject.signIn()
            let policy = RotationPolicy(mode: .none)
            _ = try await subject.storage.present(fixture.token, policy: policy)
            var expected = try await subject.row(fixture.session.id)
            let result = try await subject.storage.present(fixture.token, policy: policy, from: presenter, at: later)
            try requireEqual(result.decision, .kept(nil), "the decision")
            expected.lastSeenAt = later
            expected.lastPresenter = presenter
            try requireEqual(await subject.other.session(fixture.session.id), expected, "the row")
        },
        Case("a replay ends the session, with its reason, and nothing else") { subject in
            for durability in Durability.allCases {
                let fixture = try await subject.signIn(subject.addUser(durability.rawValue))
                let second = fixture.child(of: fixture.token)
                _ = try await subject.storage.present(fixture.token)
                _ = try await subject.storage.present(second)
                let now = Fixtures.start + .seconds(61)
                var expected = try await subject.row(fixture.session.id)
                let result = try await subject.storage.present(
                    fixture.token, from: presenter, at: now, durability: durability)
                try requireEqual(result.decision.name, "replay", "the decision")
                try requireEqual(result.session, expected, "the row that was decided on")
                expected.end = SessionEnd(at: now, reason: .replayDetected)
                try requireEqual(await subject.other.session(fixture.session.id), expected, "the row")
                let next = try await subject.storage.present(fixture.child(of: second), at: now)
                try requireEqual(next.decision.name, "ended", "the decision after that")
            }
        },
        Case("a decision whose condition does not hold is taken again on the new row") { subject in
            let fixture = try await subject.signIn()
            let presentation = Presentation(token: fixture.token, client: .implied)
            let calls = Mutex(0)
            let result = try await subject.storage.present(
                fixture.session.id, from: presenter, at: later, durability: .relaxed
            ) { session in
                let isFirst = calls.withLock { calls in
                    calls += 1
                    return calls == 1
                }
                if isFirst {
                    // As if another had advanced in between.
                    let change = HeadChange(
                        expected: RefreshTokenTag(high: 1, low: 1), head: RefreshTokenTag(high: 2, low: 2),
                        generation: 9, previous: RefreshTokenTag(high: 1, low: 1), advancedAt: later,
                        lateFloor: LateFloor(generation: 8, next: 8, openedAt: later))
                    return .advance(change, ChildToken(parent: change.head, generation: 10))
                }
                return RotationDecision(
                    on: presentation, for: session, clientIsPublic: true, policy: RotationPolicy(), now: later)
            }
            try requireEqual(calls.withLock { $0 }, 2, "the decisions that were taken")
            try requireEqual(result.decision.name, "advance", "the decision")
            try requireEqual(await subject.row(fixture.session.id).head, RefreshTokenTag(of: fixture.token), "the head")
        },
        Case("a decision that never fits its row is an error, and writes nothing") { subject in
            let fixture = try await subject.signIn()
            try await requireError(.unavailable, "a decision on an unknown session that wants to write") {
                _ = try await subject.storage.present(
                    Fixtures.sessionID(), from: presenter, at: later, durability: .relaxed
                ) { _ in .kept(nil) }
            }
            let end = SessionEnd(at: Fixtures.start, reason: .signedOut)
            _ = try await subject.storage.end(.session(fixture.session.id), end)
            let before = try await subject.row(fixture.session.id)
            let tag = RefreshTokenTag(high: 2, low: 2)
            let change = HeadChange(
                expected: before.head, head: tag, generation: 1, previous: before.head, advancedAt: later,
                lateFloor: LateFloor(generation: 0, next: 0, openedAt: later))
            let decisions: [RotationDecision] = [
                .kept(nil), .advance(change, ChildToken(parent: tag, generation: 2)),
                .replay(SessionEnd(at: later, reason: .replayDetected)),
            ]
            for decision in decisions {
                try await requireError(.unavailable, "\(decision.name) on a session that has ended") {
                    _ = try await subject.storage.present(
                        fixture.session.id, from: presenter, at: later, durability: .relaxed
                    ) { _ in decision }
                }
                try requireEqual(await subject.other.session(fixture.session.id), before, "the row that had ended")
            }
        },
    ]
}
