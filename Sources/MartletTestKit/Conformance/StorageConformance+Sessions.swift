import MartletCore
import MartletProtocol

extension StorageConformance {
    static let sessions: [Case] = [
        Case("a session is read back as it was inserted") { subject in
            let user = try await subject.addUser()
            let plain = try await subject.signIn(user).session
            try requireEqual(await subject.other.session(plain.id), plain, "a session with nothing optional")
            var full = SessionFixture(
                of: user.id, delivery: .cookie, bindingKey: "thumbprint", parent: plain.id, device: "Ålice’s phone 🦆",
                idleLimit: .milliseconds(1), absoluteLimit: .seconds(365 * 86_400),
                presenter: Presenter(address: "2001:db8::1", userAgent: "Mozilla/5.0 (X11)")
            ).session
            full.head = RefreshTokenTag(high: .max, low: 0)
            full.headGeneration = .max
            full.previous = RefreshTokenTag(high: 0, low: .max)
            full.advancedAt = Fixtures.start + .milliseconds(7)
            full.lateFloor = LateFloor(generation: 1, next: .max, openedAt: Fixtures.start + .milliseconds(8))
            full.end = SessionEnd(at: Fixtures.start + .milliseconds(9), reason: EndReason(rawValue: "a new reason"))
            try require(
                await subject.storage.insert(full, userVersion: user.securityVersion), "the full session was refused")
            try requireEqual(await subject.other.session(full.id), full, "a session with everything")
            try requireEqual(await subject.storage.session(Fixtures.sessionID()), nil, "an unknown session")
            try await requireError(.conflict, "a session with an id that is taken") {
                _ = try await subject.other.insert(plain, userVersion: user.securityVersion)
            }
        },
        Case("a session is made only for an enabled user of the checked version and a known client") { subject in
            let user = try await subject.addUser()
            let refused = { (fixture: SessionFixture, version: Int64, what: String) in
                try require(
                    !(await subject.storage.insert(fixture.session, userVersion: version)), "a session \(what) was made"
                )
                try requireEqual(await subject.storage.session(fixture.session.id), nil, "a session \(what)")
            }
            try await refused(SessionFixture(of: Fixtures.userID()), 1, "of an unknown user")
            try await refused(SessionFixture(of: user.id), 0, "of an older version")
            try await refused(SessionFixture(of: user.id), 2, "of a newer version")
            try await refused(SessionFixture(of: user.id, client: "app"), 1, "of an unknown client")
            try await subject.other.insert(Fixtures.client("app"))
            _ = try await subject.signIn(user, client: "app")
            _ = try await subject.storage.removeClient("app", at: Fixtures.start)
            try await refused(SessionFixture(of: user.id, client: "app"), 1, "of a removed client")
            _ = try await subject.storage.setDisabled(true, of: user.id, at: Fixtures.start)
            try await refused(SessionFixture(of: user.id), 1, "checked before the user was disabled")
            try await refused(SessionFixture(of: user.id), 2, "of a disabled user")
            _ = try await subject.storage.setDisabled(false, of: user.id, at: Fixtures.start)
            try await refused(SessionFixture(of: user.id), 1, "checked before the user was disabled and enabled")
            try require(
                await subject.storage.insert(SessionFixture(of: user.id).session, userVersion: 2),
                "a session of the user that was enabled again was refused"
            )
            _ = try await subject.storage.removeUser(user.id, at: Fixtures.start)
            try await refused(SessionFixture(of: user.id), 2, "of a removed user")
        },
        Case("sessions are listed by their ids, the newest first") { subject in
            let alice = try await subject.addUser("alice")
            let bob = try await subject.addUser("bob")
            var all: [Session] = []
            for second in [2, 5, 1, 4, 3, 6] {
                let user = second.isMultiple(of: 2) ? alice : bob
                all.append(try await subject.signIn(user, at: Fixtures.start + .seconds(second)).session)
            }
            all.sort { $0.id > $1.id }
            let end = SessionEnd(at: Fixtures.start, reason: .signedOut)
            _ = try await subject.storage.end(.session(all[2].id), end)
            all[2].end = end
            let list = { (user: User?, includingEnded: Bool, before: SessionID?, limit: Int) in
                try await subject.other.sessions(
                    of: user?.id, includingEnded: includingEnded, before: before, limit: limit)
            }
            let running = all.filter { $0.end == nil }
            try requireEqual(await list(nil, true, nil, 10), all, "all sessions")
            try requireEqual(await list(nil, false, nil, 10), running, "those that go on")
            try requireEqual(await list(nil, true, nil, 2), Array(all[..<2]), "the first two")
            try requireEqual(await list(nil, true, all[1].id, 2), Array(all[2..<4]), "the next two")
            try requireEqual(await list(nil, false, all[1].id, 2), Array(all[3..<5]), "the next two that go on")
            let ofAlice = all.filter { $0.userID == alice.id }
            try requireEqual(await list(alice, true, nil, 10), ofAlice, "all of a user's")
            try requireEqual(await list(alice, true, ofAlice[0].id, 1), [ofAlice[1]], "a user's second")
            try requireEqual(
                await list(alice, false, nil, 10), ofAlice.filter { $0.end == nil }, "a user's that go on")
            try requireEqual(await list(nil, true, nil, 0), [], "none")
            try requireEqual(await list(nil, true, all[5].id, 10), [], "those before the oldest")
        },
        Case("ending a session ends that one, once") { subject in
            let user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            let other = try await subject.signIn(user).session
            let end = SessionEnd(at: Fixtures.start + .seconds(1), reason: .signedOut)
            try requireEqual(await subject.storage.end(.session(session.id), end), [session.id], "what was ended")
            let later = SessionEnd(at: Fixtures.start + .seconds(2), reason: .revokedByAdmin)
            try requireEqual(await subject.other.end(.session(session.id), later), [], "what a second end ended")
            try requireEqual(await subject.row(session.id).end, end, "the first end")
            try requireEqual(await subject.row(other.id).end, nil, "the end of the other session")
            try requireEqual(await subject.storage.end(.session(Fixtures.sessionID()), end), [], "an unknown session")
        },
        Case("sessions are ended by user, by client and all together") { subject in
            try await subject.storage.insert(Fixtures.client("app"))
            let alice = try await subject.addUser("alice")
            let bob = try await subject.addUser("bob")
            let kept = try await subject.signIn(alice).session.id
            let onApp = try await subject.signIn(alice, client: "app").session.id
            let third = try await subject.signIn(alice).session.id
            let ofBob = try await subject.signIn(bob).session.id
            let bobOnApp = try await subject.signIn(bob, client: "app").session.id
            let end = SessionEnd(at: Fixtures.start, reason: .revokedByAdmin)
            let ended = { (selection: SessionSelection) in Set(try await subject.storage.end(selection, end)) }
            try requireEqual(await ended(.client("other")), [], "ended of another client")
            try requireEqual(await ended(.client("app")), [onApp, bobOnApp], "ended of a client")
            try requireEqual(await ended(.user(alice.id, except: kept)), [third], "ended of a user but one")
            try requireEqual(await ended(.user(alice.id, except: nil)), [kept], "ended of a user")
            try requireEqual(await ended(.all), [ofBob], "the rest")
            try requireEqual(await ended(.all), [], "what is left after that")
        },
    ]
}
