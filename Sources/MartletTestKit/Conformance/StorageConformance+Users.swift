import MartletCore
import MartletProtocol

extension StorageConformance {
    static let users: [Case] = [
        Case("a user is read back as it was inserted") { subject in
            var user = Fixtures.user("Ålice Müller 🦆", email: "a@example.org", roles: ["admin", "a \"b\" \\", "ü", ""])
            user.disabledAt = Fixtures.start + .milliseconds(1)
            user.securityVersion = 7
            try await subject.storage.insert(user)
            try requireEqual(await subject.other.user(user.id), user, "the user by id")
            try requireEqual(await subject.other.user(named: user.key), user, "the user by name")
            let plain = try await subject.addUser("bob")
            try requireEqual(await subject.storage.user(plain.id), plain, "a user without email and roles")
        },
        Case("an unknown user is nil") { subject in
            _ = try await subject.addUser("alice")
            try requireEqual(await subject.storage.user(Fixtures.userID()), nil, "an unknown id")
            try requireEqual(await subject.storage.user(named: UsernameKey("alicia")), nil, "an unknown name")
            try requireEqual(
                await subject.storage.user(named: UsernameKey("alice\0")), nil, "a name that goes on after a NUL")
        },
        Case("names that compare equal are one user") { subject in
            let user = try await subject.addUser("Alice")
            for name in ["alice", "ALICE", "Ａlice"] {
                try requireEqual(await subject.storage.user(named: UsernameKey(name))?.id, user.id, "found by \(name)")
                try await requireError(.conflict, "a second user \(name)") {
                    try await subject.other.insert(Fixtures.user(name))
                }
            }
            try requireEqual(await subject.storage.users(after: nil, limit: 10), [user], "the users")
        },
        Case("users are listed in order of their ids") { subject in
            var users: [User] = []
            for second in [3, 1, 2, 5, 4] {
                let user = Fixtures.user("user\(second)", createdAt: Fixtures.start + .seconds(second))
                try await subject.storage.insert(user)
                users.append(user)
            }
            users.sort { $0.id < $1.id }
            let list = { (after: UserID?, limit: Int) in try await subject.storage.users(after: after, limit: limit) }
            try requireEqual(await list(nil, 10), users, "all users")
            try requireEqual(await list(nil, 2), Array(users[..<2]), "the first two")
            try requireEqual(await list(users[1].id, 2), Array(users[2..<4]), "the next two")
            try requireEqual(await list(users[4].id, 2), [], "those after the last")
            try requireEqual(await list(nil, 0), [], "none")
        },
        Case("a password hash is upgraded only from the one that was checked") { subject in
            var user = try await subject.addUser()
            let fixture = try await subject.signIn(user)
            let new = PasswordHash(text: "new")
            try await subject.storage.upgradePasswordHash(of: user.id, from: PasswordHash(text: "other"), to: new)
            try requireEqual(await subject.storage.user(user.id), user, "the user, whose hash was another")
            try await subject.storage.upgradePasswordHash(of: Fixtures.userID(), from: user.passwordHash, to: new)
            try await subject.storage.upgradePasswordHash(of: user.id, from: user.passwordHash, to: new)
            user.passwordHash = new
            try requireEqual(await subject.storage.user(user.id)?.passwordHash.text, "new", "the hash")
            try requireEqual(await subject.storage.user(user.id), user, "the rest of the user")
            try requireEqual(await subject.row(fixture.session.id).end, nil, "the end of the user's session")
        },
    ]

    static let usersAndTheirSessions: [Case] = [
        Case("a new password ends the user's other sessions") { subject in
            var user = try await subject.addUser()
            let kept = try await subject.signIn(user).session
            let ended = try await subject.signIn(user).session
            let already = try await subject.signIn(user).session
            let stranger = try await subject.signIn(subject.addUser("bob")).session
            let signedOut = SessionEnd(at: Fixtures.start, reason: .signedOut)
            _ = try await subject.storage.end(.session(already.id), signedOut)
            let now = Fixtures.start + .seconds(60)
            let result = try await subject.storage.setPassword(
                of: user.id, to: PasswordHash(text: "new"), expectedVersion: 1, keeping: kept.id, at: now
            )
            try requireEqual(result, [ended.id], "the sessions that were ended")
            user.passwordHash = PasswordHash(text: "new")
            user.passwordChangedAt = now
            user.securityVersion = 2
            try requireEqual(await subject.other.user(user.id), user, "the user")
            try requireEqual(await subject.row(kept.id).end, nil, "the end of the session that is kept")
            try requireEqual(await subject.row(stranger.id).end, nil, "the end of another user's session")
            try requireEqual(await subject.row(already.id).end, signedOut, "the end that was there before")
            try requireEqual(
                await subject.row(ended.id).end, SessionEnd(at: now, reason: .passwordChanged),
                "the end of the other session"
            )
        },
        Case("a password is not set against another security version") { subject in
            let user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            for version: Int64 in [0, 2] {
                let result = try await subject.storage.setPassword(
                    of: user.id, to: PasswordHash(text: "new"), expectedVersion: version, keeping: nil,
                    at: Fixtures.start
                )
                try requireEqual(result, nil, "a password set against version \(version)")
            }
            try requireEqual(await subject.storage.user(user.id), user, "the user")
            try requireEqual(await subject.row(session.id).end, nil, "the end of the session")
            let forced = try await subject.storage.setPassword(
                of: user.id, to: PasswordHash(text: "new"), expectedVersion: nil, keeping: nil, at: Fixtures.start
            )
            try requireEqual(forced, [session.id], "the sessions that an administrator's change ended")
            let unknown = try await subject.storage.setPassword(
                of: Fixtures.userID(), to: PasswordHash(text: "new"), expectedVersion: nil, keeping: nil,
                at: Fixtures.start
            )
            try requireEqual(unknown, nil, "the password of an unknown user")
        },
        Case("requiring a new password ends the sessions until one is set") { subject in
            var user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            let stranger = try await subject.signIn(subject.addUser("bob")).session
            let now = Fixtures.start + .seconds(60)
            let demand = { (proof: PasswordProof, event: Timestamp?) in
                try await subject.storage.requireNewPassword(
                    of: user.id, by: proof, unlessRecoveredSince: event, at: now)
            }
            try requireEqual(await demand(.password, nil), [session.id], "the sessions that were ended")
            user.requiredProof = .password
            user.securityVersion = 2
            try requireEqual(await subject.other.user(user.id), user, "the user who needs a new password")
            try requireEqual(
                await subject.row(session.id).end, SessionEnd(at: now, reason: .passwordChangeRequired),
                "the end of the session")
            try requireEqual(await subject.row(stranger.id).end, nil, "the end of another user's session")
            try require(
                await !subject.storage.insert(SessionFixture(of: user.id).session, userVersion: 1),
                "a session was inserted for a password that was checked before")
            try requireEqual(await demand(.mail, now), [], "what a second demand ended")
            try requireEqual(await demand(.password, nil), [], "what a third demand ended")
            user.requiredProof = .mail
            user.securityVersion = 4
            try requireEqual(await subject.other.user(user.id), user, "the user, with the stricter proof")
            let unknown = try await subject.storage.requireNewPassword(
                of: Fixtures.userID(), by: .mail, unlessRecoveredSince: nil, at: now)
            try requireEqual(unknown, nil, "an unknown user")
            let set = try await subject.storage.setPassword(
                of: user.id, to: PasswordHash(text: "new"), expectedVersion: 4, keeping: nil, at: now)
            try requireEqual(set, [], "what the new password ended")
            user.requiredProof = nil
            user.passwordHash = PasswordHash(text: "new")
            user.passwordChangedAt = now
            user.securityVersion = 5
            try requireEqual(await subject.other.user(user.id), user, "the user with a new password")
        },
        Case("a link about what was before the last recovery requires nothing") { subject in
            var user = try await subject.addUser()
            let now = Fixtures.start + .seconds(60)
            _ = try await subject.storage.setPassword(
                of: user.id, to: PasswordHash(text: "new"), expectedVersion: 1, keeping: nil, isRecovery: true, at: now)
            user.passwordHash = PasswordHash(text: "new")
            user.passwordChangedAt = now
            user.recoveredAt = now
            user.securityVersion = 2
            try requireEqual(await subject.other.user(user.id), user, "the recovered user")
            let session = try await subject.signIn(user).session
            let early = try await subject.storage.requireNewPassword(
                of: user.id, by: .mail, unlessRecoveredSince: now - .milliseconds(1), at: now)
            try requireEqual(early, nil, "what a link about before ended")
            try requireEqual(await subject.other.user(user.id), user, "the user, who is left alone")
            try requireEqual(await subject.row(session.id).end, nil, "the end of the session")
            let ended = try await subject.storage.requireNewPassword(
                of: user.id, by: .mail, unlessRecoveredSince: now, at: now)
            try requireEqual(ended, [session.id], "what a link about the recovery itself ended")
            _ = try await subject.storage.setPassword(
                of: user.id, to: PasswordHash(text: "newer"), expectedVersion: nil, keeping: nil, at: now + .seconds(1))
            try requireEqual(await subject.other.user(user.id)?.recoveredAt, now, "the recovery, which stays")
        },
        Case("disabling a user ends the sessions, enabling brings none back") { subject in
            var user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            let now = Fixtures.start + .seconds(60)
            try requireEqual(
                await subject.storage.setDisabled(true, of: user.id, at: now), [session.id], "the ended sessions")
            let end = SessionEnd(at: now, reason: .userDisabled)
            user.disabledAt = now
            user.securityVersion = 2
            try requireEqual(await subject.other.user(user.id), user, "the disabled user")
            try requireEqual(await subject.row(session.id).end, end, "the end of the session")
            try requireEqual(
                await subject.storage.setDisabled(false, of: user.id, at: now), [], "what enabling ended")
            user.disabledAt = nil
            try requireEqual(await subject.other.user(user.id), user, "the enabled user")
            try requireEqual(await subject.row(session.id).end, end, "the end of the session after enabling")
            for isDisabled in [true, false] {
                try requireEqual(
                    await subject.storage.setDisabled(isDisabled, of: Fixtures.userID(), at: now), nil,
                    "an unknown user"
                )
            }
        },
        Case("a removed user's sessions end, and the name is free again") { subject in
            let user = try await subject.addUser()
            let session = try await subject.signIn(user).session
            let now = Fixtures.start + .seconds(60)
            try requireEqual(await subject.storage.removeUser(user.id, at: now), [session.id], "the ended sessions")
            try requireEqual(await subject.other.user(user.id), nil, "the removed user")
            try requireEqual(await subject.other.user(named: user.key), nil, "the removed user, by name")
            try requireEqual(
                await subject.row(session.id).end, SessionEnd(at: now, reason: .userRemoved), "the end of the session")
            try requireEqual(await subject.storage.removeUser(user.id, at: now), nil, "a second removal")
            _ = try await subject.addUser(user.username)
        },
    ]
}
