import MartletCore
import MartletProtocol
import Synchronization

extension StorageConformance {
    private static let now = Fixtures.start + .seconds(100)
    /// Until when an entry stays that is written then.
    private static let until = now + SessionPolicy.standard.accessLifetime + Denial.leeway
    private static let denial = Fixtures.denial(at: now)
    private static let end = SessionEnd(at: now, reason: .signedOut)

    private static func entries(
        _ storage: any Storage, after number: Int64 = 0
    ) async throws -> [RevocationEntry] {
        try await storage.revocations(after: number, limit: 10_000).revocations.map(\.entry)
    }

    /// Ends a session by presenting a token that had been left behind.
    private static func replay(_ fixture: SessionFixture, on storage: any Storage) async throws {
        _ = try await storage.present(fixture.token)
        _ = try await storage.present(fixture.child(of: fixture.token))
        let result = try await storage.present(fixture.token, at: now)
        try requireEqual(result.decision.name, "replay", "the decision")
    }

    static let revocations: [Case] = [
        Case("every end denies the session's access tokens") { subject in
            let ends: [(String, @Sendable (SessionFixture, any Storage) async throws -> Void)] = [
                ("an end", { _ = try await $1.end(.session($0.session.id), end, denial: denial) }),
                ("an end of the user's", { _ = try await $1.end(.user($0.session.userID, except: nil), end) }),
                ("a replay", { try await replay($0, on: $1) }),
                (
                    "a password",
                    {
                        _ = try await $1.setPassword(
                            of: $0.session.userID, to: PasswordHash(text: "new"), expectedVersion: nil, keeping: nil,
                            at: now)
                    }
                ),
                ("a disabled user", { _ = try await $1.setDisabled(true, of: $0.session.userID, at: now) }),
                ("a removed user", { _ = try await $1.removeUser($0.session.userID, at: now) }),
            ]
            for (index, (what, end)) in ends.enumerated() {
                let fixture = try await subject.signIn(subject.addUser("user\(index)"))
                let before = try await subject.storage.changes().newestRevocation.number
                try await end(fixture, subject.handle(index))
                try requireEqual(
                    await entries(subject.other, after: before), [.session(fixture.session.id, until: until)],
                    "the entries of \(what)")
            }
        },
        Case("what ends nothing denies nothing") { subject in
            let user = try await subject.addUser()
            let fixture = try await subject.signIn(user)
            _ = try await subject.storage.end(.session(Fixtures.sessionID()), end, denial: denial)
            _ = try await subject.storage.end(.user(Fixtures.userID(), except: nil), end, denial: denial)
            _ = try await subject.storage.present(fixture.token)
            _ = try await subject.storage.removeClient("app", at: now)
            _ = try await subject.storage.setPassword(
                of: user.id, to: PasswordHash(text: "new"), expectedVersion: 9, keeping: nil, at: now)
            _ = try await subject.storage.setDisabled(false, of: user.id, at: now)
            try requireEqual(await entries(subject.other), [], "the entries")
            _ = try await subject.storage.end(.session(fixture.session.id), end, denial: denial)
            _ = try await subject.other.end(.session(fixture.session.id), end, denial: denial)
            _ = try await subject.other.end(.user(user.id, except: nil), end, denial: denial)
            try requireEqual(
                await entries(subject.storage), [.session(fixture.session.id, until: until)],
                "the entries of a session that was ended again and again")
        },
        Case("a spared session is not denied") { subject in
            let user = try await subject.addUser()
            let sessions = [
                try await subject.signIn(user).session.id, try await subject.signIn(user).session.id,
                try await subject.signIn(user).session.id,
            ]
            _ = try await subject.storage.end(
                .user(user.id, except: sessions[1]), end, denial: Fixtures.denial(at: now, mostSessionEntries: 0))
            try requireEqual(
                Set(await entries(subject.other)),
                [.session(sessions[0], until: until), .session(sessions[2], until: until)], "the entries")
        },
        Case("many sessions of a user are denied by one entry") { subject in
            let user = try await subject.addUser()
            for second in [3, 1, 2] { _ = try await subject.signIn(user, at: Fixtures.start + .seconds(second)) }
            _ = try await subject.signIn(subject.addUser("bob"))
            _ = try await subject.storage.end(
                .user(user.id, except: nil), end, denial: Fixtures.denial(at: now, mostSessionEntries: 2))
            let before = Fixtures.start + .milliseconds(3_001)
            try requireEqual(
                await entries(subject.other), [.user(user.id, before: before, until: until)], "the entries")
        },
        Case("the sessions of a client, and all of them, are denied by one entry") { subject in
            try await subject.storage.insert(Fixtures.client("app"))
            let user = try await subject.addUser()
            _ = try await subject.signIn(user, client: "app")
            _ = try await subject.storage.end(.client("app"), end, denial: denial)
            // Of a node whose clock is ahead.
            _ = try await subject.signIn(user, at: now + .seconds(2))
            _ = try await subject.other.end(.all, end, denial: denial)
            try requireEqual(
                await entries(subject.other),
                [
                    .client("app", before: now + .milliseconds(1), until: until),
                    .all(before: now + .milliseconds(2_001), until: until),
                ], "the entries")
        },
        Case("a removed client's tokens are denied, also those in the making") { subject in
            try await subject.storage.insert(Fixtures.client("app"))
            let fixture = try await subject.signIn(subject.addUser(), client: "app")
            try requireEqual(
                await subject.storage.removeClient("app", at: now), [fixture.session.id], "the ended sessions")
            try requireEqual(
                await entries(subject.other),
                [.client("app", before: now + Denial.clientMargin, until: until)], "the entries")
        },
        Case("what was made before a time is ended and denied, and nothing else") { subject in
            let user = try await subject.addUser()
            let old = try await subject.signIn(user, at: now - .milliseconds(1)).session.id
            let new = try await subject.signIn(user, at: now).session.id
            try requireEqual(
                await subject.storage.end(.madeBefore(now), end, denial: denial), [old], "the ended sessions")
            try requireEqual(await subject.row(new).end, nil, "the end of what was made then")
            try requireEqual(await entries(subject.other), [.all(before: now, until: until)], "the entries")
            try requireEqual(await subject.other.end(.madeBefore(now), end, denial: denial), [], "ended once more")
            try requireEqual(await entries(subject.other).count, 1, "the entries after a second time")
            _ = try await subject.other.end(.madeBefore(now + .milliseconds(1)), end, denial: denial)
            try requireEqual(await entries(subject.other).count, 2, "the entries after a later time")
        },
        Case("an entry names the audience of its client, also once that is removed") { subject in
            let clients: [(String, String?, [String], RevocationAudience, RevocationAudience)] = [
                ("plain", nil, ["read"], .issuer, .issuer),
                (
                    "api", "https://api.example.org", ["read"], .named("https://api.example.org"),
                    .named("https://api.example.org")
                ),
                // Its own tokens may be for the authority.
                (
                    "both", "https://api.example.org", ["read", Authority.readRevocations],
                    .named("https://api.example.org"), .everyone
                ),
                ("none", nil, [Authority.readRevocations], .issuer, .issuer),
            ]
            let user = try await subject.addUser()
            let builtIn = try await subject.signIn(user).session
            _ = try await subject.storage.end(.session(builtIn.id), end, denial: denial)
            for (id, audience, scopes, _, _) in clients {
                var client = Fixtures.client(id, scopes: scopes)
                client.audience = audience
                try await subject.storage.insert(client)
                let session = try await subject.signIn(user, client: id).session
                _ = try await subject.storage.end(.session(session.id), end, denial: denial)
                _ = try await subject.storage.removeClient(id, at: now)
            }
            _ = try await subject.other.end(.all, end, denial: denial)
            let expected = [.issuer] + clients.flatMap { [$0.3, $0.4] } + [.everyone]
            let found = try await subject.other.revocations(after: 0, limit: 100).revocations.map(\.audience)
            try requireEqual(found, expected, "the audiences")
        },
        Case("an entry stays for the longest life of an access token in force") { subject in
            let user = try await subject.addUser()
            let lasting = { (lifetime: Duration, what: String) in
                let session = try await subject.signIn(user).session
                _ = try await subject.other.end(.session(session.id), end, denial: denial)
                let entry = try await entries(subject.storage).last
                try requireEqual(entry, .session(session.id, until: now + lifetime + Denial.leeway), what)
            }
            let own = SessionPolicy.standard.accessLifetime
            try await subject.storage.noteAccessLifetime(.seconds(60), at: now, mayLower: true)
            try await lasting(own, "with a shorter one named")
            let hours = Duration.seconds(6 * 3_600)
            try await subject.storage.noteAccessLifetime(hours, at: now, mayLower: false)
            try await lasting(hours, "with a longer one named")
            try await subject.storage.noteAccessLifetime(own, at: now + .seconds(400 * 86_400), mayLower: false)
            try await lasting(hours, "with a shorter one named by who may not lower it")
            let named = now + LongestAccessLifetime.namedEvery + .seconds(1)
            try await subject.storage.noteAccessLifetime(hours, at: named, mayLower: true)
            let last = named + hours + LongestAccessLifetime.namedFor
            try await subject.storage.noteAccessLifetime(own, at: last, mayLower: true)
            try await lasting(hours, "while a token of the longer one may be alive")
            try await subject.storage.noteAccessLifetime(own, at: last + .milliseconds(1), mayLower: true)
            try await lasting(own, "once none of the longer one can be alive")
            var client = Fixtures.client("app")
            client.overrides.accessLifetime = hours
            try await subject.storage.insert(client)
            try await lasting(hours, "with a client that has a longer one")
        },
        Case("a session that an entry with a time covers is not made") { subject in
            try await subject.storage.insert(Fixtures.client("app"))
            let user = try await subject.addUser()
            let bob = try await subject.addUser("bob")
            let isMade = { (user: User, client: String, time: Timestamp) in
                let session = SessionFixture(of: user.id, client: client, at: time).session
                return try await subject.other.insert(session, userVersion: 1)
            }
            let builtIn = ClientRegistration.firstPartyID
            _ = try await subject.signIn(user, at: now)
            _ = try await subject.storage.end(
                .user(user.id, except: nil), end, denial: Fixtures.denial(at: now, mostSessionEntries: 0))
            try requireEqual(await isMade(user, builtIn, now), false, "one that the user's entry covers")
            try requireEqual(await isMade(bob, builtIn, now), true, "another user's")
            try requireEqual(await isMade(user, builtIn, now + .milliseconds(1)), true, "one after it")
            let later = now + .seconds(1)
            _ = try await subject.storage.end(.client("app"), end, denial: Fixtures.denial(at: later))
            try requireEqual(
                await isMade(user, "app", later), false, "one that the client's covers")
            try requireEqual(await isMade(user, builtIn, later), true, "another client's")
            try requireEqual(await isMade(user, "app", later + .milliseconds(1)), true, "one after it")
            let latest = later + .seconds(1)
            _ = try await subject.storage.end(.all, end, denial: Fixtures.denial(at: latest))
            for client in ["app", builtIn] {
                try requireEqual(
                    await isMade(bob, client, latest), false, "one that the entry for all covers")
                try requireEqual(await isMade(bob, client, latest + .milliseconds(1)), true, "one after it")
            }
            // Tokens and sessions have no time.
            _ = try await subject.storage.denyToken("a", audience: .everyone, expiresAt: nil, denial: denial)
            try requireEqual(await isMade(user, builtIn, latest + .milliseconds(1)), true, "one beside a token")
        },
        Case("a token is denied once, until it has expired") { subject in
            let deny = { (id: String, expiresAt: Timestamp?, time: Timestamp) in
                try await subject.storage.denyToken(
                    id, audience: .issuer, expiresAt: expiresAt, denial: Fixtures.denial(at: time))
            }
            try requireEqual(await deny("a", now + .seconds(5), now), true, "the first time")
            try requireEqual(await deny("a", nil, now + .seconds(1)), false, "the second time")
            try requireEqual(await deny("b", nil, now), true, "another one")
            // What is said to live for longer than any does not stay for longer.
            try requireEqual(await deny("c", now + .seconds(1 << 32), now), true, "a third one")
            let left = now + .seconds(5) + Denial.leeway
            try requireEqual(await deny("a", nil, left - .milliseconds(1)), false, "before its entry leaves")
            try requireEqual(await deny("a", nil, left), true, "after that")
            try requireEqual(
                await entries(subject.other).prefix(3),
                [.token("a", until: left), .token("b", until: until), .token("c", until: until)], "the entries")
            let audiences = try await subject.other.revocations(after: 0, limit: 9).revocations.map(\.audience)
            try requireEqual(audiences, [.issuer, .issuer, .issuer, .issuer], "the audiences")
        },
        Case("entries are read in order, page by page, and the newest is known") { subject in
            let empty = try await subject.storage.revocations(after: 0, limit: 10)
            try requireEqual(empty.newest.number, 0, "the newest of none")
            try requireEqual(empty.revocations, [], "none")
            for index in 0..<5 {
                _ = try await subject.handle(index).denyToken(
                    "\(index)", audience: .everyone, expiresAt: nil, denial: denial)
            }
            let all = try await subject.other.revocations(after: 0, limit: 10)
            try requireEqual(all.revocations.map(\.entry.id), ["0", "1", "2", "3", "4"], "the entries")
            try require(
                zip(all.revocations, all.revocations.dropFirst()).allSatisfy { $0.number < $1.number }, "their order")
            try requireEqual(all.newest.number, all.revocations.last?.number, "the newest")
            try requireEqual(all.newest.epoch, empty.newest.epoch, "the epoch")
            try require(
                RevocationCursor(all.newest.description) == all.newest, "\(all.newest) is not a cursor's text")
            let first = try await subject.storage.revocations(after: 0, limit: 2)
            try requireEqual(first.revocations, Array(all.revocations[..<2]), "the first page")
            try requireEqual(first.newest, all.newest, "the newest beside the first page")
            let second = try await subject.storage.revocations(after: first.revocations[1].number, limit: 3)
            try requireEqual(second.revocations, Array(all.revocations[2...]), "the second page")
            let none = try await subject.storage.revocations(after: all.newest.number, limit: 3)
            try requireEqual(none, RevocationPage(newest: all.newest, revocations: []), "after the newest")
            let counter = try await subject.other.changes()
            try requireEqual(counter.newestRevocation, all.newest, "the newest as a look tells it")
        },
        Case("an end changes the newest entry, and not the change counter") { subject in
            let fixture = try await subject.signIn()
            let before = try await subject.other.changes()
            _ = try await subject.storage.end(.session(fixture.session.id), end, denial: denial)
            let after = try await subject.other.changes()
            try requireEqual(after.counter, before.counter, "the change counter")
            try require(
                after.newestRevocation.number > before.newestRevocation.number, "the newest entry did not change")
        },
        Case("a sweep forgets entries that have left, and no number is given twice") { subject in
            let user = try await subject.addUser()
            let ended = try await subject.signIn(user).session.id
            _ = try await subject.storage.denyToken("a", audience: .everyone, expiresAt: now, denial: denial)
            _ = try await subject.storage.end(.session(ended), end, denial: denial)
            let newest = try await subject.storage.changes().newestRevocation
            let grace = Duration.seconds(3_600)
            let sweep = { (time: Timestamp) in
                _ = try await subject.other.sweep(at: time, grace: grace, forgetting: Fixtures.start, limit: 100)
            }
            try await sweep(now + Denial.leeway + grace)
            try requireEqual(await entries(subject.storage).count, 2, "the entries within the grace")
            try await sweep(now + Denial.leeway + grace + .milliseconds(1))
            try requireEqual(await entries(subject.storage), [.session(ended, until: until)], "those after it")
            try await sweep(until + grace + .milliseconds(1))
            try requireEqual(await entries(subject.storage), [], "those in the end")
            try requireEqual(await subject.storage.changes().newestRevocation, newest, "the newest there ever was")
            _ = try await subject.other.denyToken("b", audience: .everyone, expiresAt: nil, denial: denial)
            let next = try await subject.storage.revocations(after: newest.number, limit: 10)
            try requireEqual(next.revocations.map(\.entry.id), ["b"], "the next entry after all that")
        },
        Case("a sweep forgets no more entries than its limit") { subject in
            for index in 0..<5 {
                _ = try await subject.storage.denyToken(
                    "\(index)", audience: .everyone, expiresAt: nil, denial: denial)
            }
            let time = until + .seconds(1)
            let touched = try await subject.storage.sweep(at: time, grace: .zero, forgetting: now, limit: 3)
            try requireEqual(touched, 3, "the rows that were touched")
            try requireEqual(await entries(subject.other).count, 2, "the entries that are left")
            let rest = try await subject.storage.sweep(at: time, grace: .zero, forgetting: now, limit: 3)
            try requireEqual(rest, 2, "the rows that were touched then")
        },
        Case("a sweep denies what expired only where an access token may be alive") { subject in
            let user = try await subject.addUser()
            let hour = Duration.seconds(3_600)
            let sweep = { (session: Session, lifetime: Duration, time: Timestamp) in
                let denial = Denial(clock: Clock { time }) { lifetime }
                let before = try await subject.storage.changes().newestRevocation.number
                _ = try await subject.storage.sweep(
                    at: time, grace: hour, forgetting: Fixtures.start, limit: 100, denial: denial)
                try require(await subject.row(session.id).end != nil, "the session has not ended")
                return try await entries(subject.other, after: before)
            }
            let short = try await subject.signIn(user).session
            let time = short.latestExpiry + hour + .milliseconds(1)
            try requireEqual(await sweep(short, .seconds(1_800), time), [], "with tokens of half an hour")
            let long = try await subject.signIn(user).session
            try requireEqual(
                await sweep(long, hour + hour, time), [.session(long.id, until: time + hour + hour + Denial.leeway)],
                "with tokens of two hours")
            // No token outlives the absolute limit.
            let fixture = SessionFixture(of: user.id, absoluteLimit: SessionPolicy.standard.idleLimit)
            try require(await subject.storage.insert(fixture.session, userVersion: 1), "the session was refused")
            try requireEqual(
                await sweep(fixture.session, hour + hour, fixture.session.absoluteLimit + hour + .milliseconds(1)), [],
                "past the absolute limit")
        },
        Case("whoever sees an end finds its entry") { subject in
            let user = try await subject.addUser()
            var fixtures: [SessionFixture] = []
            for _ in 0..<24 { fixtures.append(try await subject.signIn(user)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, fixture) in fixtures.enumerated() {
                    let isEnded = Flag()
                    group.addTask {
                        defer { isEnded.raise() }
                        if index.isMultiple(of: 2) {
                            try await replay(fixture, on: subject.handle(index / 2))
                        } else {
                            _ = try await subject.handle(index / 2).end(
                                .session(fixture.session.id), end, denial: denial)
                        }
                    }
                    group.addTask {
                        while true {
                            let wasEnded = isEnded.isRaised
                            if try await subject.other.session(fixture.session.id)?.end != nil { break }
                            try require(!wasEnded, "a session that was ended goes on")
                            await Task.yield()
                        }
                        try require(
                            await entries(subject.other).contains(.session(fixture.session.id, until: until)),
                            "an ended session was seen without its entry")
                    }
                }
                try await group.waitForAll()
            }
        },
        Case("of an end and a replay of one session one writes the entry") { subject in
            for round in 0..<5 {
                let fixture = try await subject.signIn(subject.addUser("user\(round)"))
                _ = try await subject.storage.present(fixture.token)
                _ = try await subject.storage.present(fixture.child(of: fixture.token))
                let before = try await subject.storage.changes().newestRevocation.number
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await subject.storage.present(fixture.token, at: now) }
                    group.addTask {
                        _ = try await subject.other.end(.session(fixture.session.id), end, denial: denial)
                    }
                    try await group.waitForAll()
                }
                try requireEqual(
                    await entries(subject.other, after: before), [.session(fixture.session.id, until: until)],
                    "the entries")
            }
        },
        Case("who reads on from the newest entry misses none") { subject in
            let user = try await subject.addUser()
            var fixtures: [SessionFixture] = []
            for _ in 0..<40 { fixtures.append(try await subject.signIn(user)) }
            let ended = Set(fixtures.map(\.session.id.description))
            let areEnded = fixtures.map { _ in Flag() }
            let read = try await withThrowingTaskGroup(of: [StoredRevocation].self) { group in
                for (index, fixture) in fixtures.enumerated() {
                    group.addTask {
                        defer { areEnded[index].raise() }
                        _ = try await subject.handle(index).end(.session(fixture.session.id), end, denial: denial)
                        return []
                    }
                }
                group.addTask {
                    var read: [StoredRevocation] = []
                    while true {
                        // Before the look: what is not there after all ends will not come.
                        let isLast = areEnded.allSatisfy(\.isRaised)
                        let page = try await subject.other.revocations(after: read.last?.number ?? 0, limit: 7)
                        read += page.revocations
                        if page.revocations.isEmpty, isLast { break }
                        await Task.yield()
                    }
                    return read
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try requireEqual(Set(read.compactMap(\.entry.id)), ended, "the sessions that were read of")
            let all = try await subject.storage.revocations(after: 0, limit: 100).revocations
            try requireEqual(read, all, "the entries as they came, beside those that are there")
        },
        Case("a sign-in that races with an end of everything is made after it, or ended") { subject in
            let user = try await subject.addUser()
            for round in 1...5 {
                let time = now + .seconds(round)
                let made = try await withThrowingTaskGroup(of: SessionID?.self) { group in
                    for index in 0..<12 {
                        group.addTask {
                            if index == 6 {
                                _ = try await subject.other.end(.all, end, denial: Fixtures.denial(at: time))
                                return nil
                            }
                            // Half of them before the time that the entry has.
                            let madeAt = index.isMultiple(of: 2) ? time - .milliseconds(1) : time + .milliseconds(1)
                            let session = SessionFixture(of: user.id, at: madeAt).session
                            return try await subject.handle(index).insert(session, userVersion: 1) ? session.id : nil
                        }
                    }
                    return try await group.reduce(into: [SessionID]()) { if let id = $1 { $0.append(id) } }
                }
                var denylist = Denylist()
                for entry in try await entries(subject.storage) { denylist.insert(entry) }
                for id in made {
                    let isDenied = denylist.covers(
                        session: id.description, subject: user.id.description,
                        client: ClientRegistration.firstPartyID, tokenID: "", issuedAt: time.seconds)
                    try requireEqual(
                        isDenied, await subject.row(id).end != nil, "whether a session is denied, as it has ended")
                }
                _ = try await subject.storage.end(.all, end, denial: Fixtures.denial(at: time))
            }
        },
    ]
}

/// Raised once, to be seen by others.
private final class Flag: Sendable {
    private let state = Mutex(false)

    func raise() { state.withLock { $0 = true } }

    var isRaised: Bool { state.withLock { $0 } }
}
