import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let hour = Duration.seconds(3_600)

    /// Sweeps as an engine does: again while the limit is touched.
    private static func sweep(
        _ storage: any Storage, at now: Timestamp, forgetting: Timestamp = Fixtures.start - hour, limit: Int = 100
    ) async throws {
        for _ in 0..<100 {
            let touched = try await storage.sweep(at: now, grace: hour, forgetting: forgetting, limit: limit)
            try require((0...limit).contains(touched), "a sweep with the limit \(limit) touched \(touched) rows")
            if touched < limit { return }
        }
        throw Failure(description: "sweeps with the limit \(limit) do not come to an end")
    }

    static let sweeps: [Case] = [
        Case("a sweep ends what is past its absolute limit and the grace") { subject in
            let session = try await subject.signIn().session
            let limit = session.absoluteLimit
            // Renewed to the last, so that the idle limit is far.
            _ = try await subject.storage.present(
                session.id, from: Presenter(), at: limit, durability: .relaxed
            ) { _ in .kept(nil) }
            try await sweep(subject.storage, at: limit + hour)
            try requireEqual(await subject.row(session.id).end, nil, "the end within the grace")
            let now = limit + hour + .milliseconds(1)
            try await sweep(subject.other, at: now)
            try requireEqual(
                await subject.row(session.id).end, SessionEnd(at: now, reason: .expiredAbsolute),
                "the end after the grace")
        },
        Case("a sweep ends what was idle for two idle limits and the grace") { subject in
            let user = try await subject.addUser()
            let fixture = try await subject.signIn(user)
            let renewed = try await subject.signIn(user)
            let idle = fixture.session.idleLimit
            // A repeat writes nothing, but gives a token with an idle limit of its own.
            _ = try await subject.storage.present(fixture.token)
            let atLimit = Fixtures.start + idle
            let child = fixture.child(of: fixture.token, at: atLimit)
            try requireEqual(
                await subject.storage.present(fixture.token, at: atLimit).decision.name, "repeat", "the decision")
            let last = atLimit + idle
            try await sweep(subject.storage, at: last + hour)
            try requireEqual(
                await subject.row(fixture.session.id).end, nil, "the end while the child of a repeat lives")
            let expiry = try await subject.row(fixture.session.id).expiry(at: last, tokenIssuedAt: child.issuedAt)
            try requireEqual(expiry, nil, "the expiry of that child")
            _ = try await subject.storage.present(renewed.token, at: Fixtures.start + .seconds(60))
            let now = last + hour + .milliseconds(1)
            try await sweep(subject.storage, at: now)
            try requireEqual(
                await subject.row(fixture.session.id).end, SessionEnd(at: now, reason: .expiredIdle),
                "the end of the idle one")
            try requireEqual(await subject.row(renewed.session.id).end, nil, "the end of the one that was renewed")
            try await sweep(subject.storage, at: now + .seconds(60))
            try requireEqual(await subject.row(renewed.session.id).end?.reason, .expiredIdle, "its reason in the end")
        },
        Case("a sweep forgets what ended long ago, and only that") { subject in
            let user = try await subject.addUser()
            let old = try await subject.signIn(user).session
            let recent = try await subject.signIn(user).session
            let running = try await subject.signIn(user).session
            let signedOut = { (second: Int) in SessionEnd(at: Fixtures.start + .seconds(second), reason: .signedOut) }
            _ = try await subject.storage.end(.session(old.id), signedOut(9))
            _ = try await subject.storage.end(.session(recent.id), signedOut(10))
            try await sweep(subject.storage, at: Fixtures.start, forgetting: Fixtures.start + .seconds(10))
            try requireEqual(await subject.other.session(old.id), nil, "what ended before")
            try requireEqual(await subject.row(recent.id).end, signedOut(10), "what ended just then")
            try requireEqual(await subject.other.session(running.id), running, "what goes on")
        },
        Case("a sweep keeps to its limit, and comes to an end") { subject in
            let user = try await subject.addUser()
            for _ in 0..<12 { _ = try await subject.signIn(user) }
            let now = Fixtures.start + .seconds(400 * 86_400)
            let list = { (includingEnded: Bool) in
                try await subject.storage.sessions(
                    of: nil, includingEnded: includingEnded, before: nil, limit: 100
                ).count
            }
            let touched = try await subject.storage.sweep(
                at: now, grace: hour, forgetting: Fixtures.start, limit: 5)
            try requireEqual(touched, 5, "the rows that were touched")
            try requireEqual(await list(false), 7, "the sessions that go on")
            try await sweep(subject.storage, at: now, limit: 5)
            try requireEqual(await list(false), 0, "the sessions that go on in the end")
            try requireEqual(await list(true), 12, "the sessions that are kept")
            try await sweep(subject.storage, at: now, forgetting: now + .milliseconds(1), limit: 5)
            try requireEqual(await list(true), 0, "the sessions that are kept in the end")
            try requireEqual(
                await subject.storage.sweep(at: now, grace: hour, forgetting: now, limit: 5), 0,
                "rows touched when done")
        },
    ]
}
