import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "The sessions: list, show, revoke.",
        subcommands: [List.self, Show.self, Revoke.self]
    )
}

extension SessionCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List sessions, the newest first.")

        @Option(help: ArgumentHelp("Only this user's.", valueName: "name")) var user: String?
        @Flag(help: "Those that are over too.") var all = false
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let sessions = try await storage.withAuthority(onlyReading: true) { authority in
                let userID = try await user.asyncMap { try await authority.existingUser($0).id }
                let sessions = try await allPages {
                    try await authority.sessions(of: userID, includingEnded: all, before: $0?.id, limit: $1)
                }
                let now = Clock.system.now
                var known: [UserID: User] = [:]
                var described: [OperatorsSession] = []
                for session in sessions {
                    let user = try await known[session.userID].orAwait { try await authority.user(session.userID) }
                    known[session.userID] = user
                    described.append(OperatorsSession(session, username: user?.username, at: now))
                }
                return all ? described : described.filter { $0.description.ended == nil }
            }
            try output.show(table(of: sessions)) {
                $0.object {
                    $0.member("sessions") {
                        $0.array { for session in sessions { session.write(to: &$0) } }
                    }
                }
            }
        }

        private func table(of sessions: [OperatorsSession]) -> String {
            var table = Table(["id", "user", "client", "device", "address", "begun", "last seen", "state"])
            for session in sessions {
                let shown = session.description
                table.add(
                    "\(shown.id)", session.username, shown.client, shown.device ?? shown.userAgent, shown.address,
                    shown.createdAt.printable, shown.lastSeenAt.printable,
                    shown.ended.map(\.reason.rawValue) ?? "live")
            }
            return table.text
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a session and its story.",
            discussion: "It answers \"why was I signed out\", from the session and the records of its events.")

        @Argument(help: "Its id, as `martlet session list` shows it.") var id: SessionID
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (session, story) = try await storage.withAuthority(onlyReading: true) { authority in
                let session = try await authority.existingSession(id)
                let shown = try await OperatorsSession(
                    session, username: authority.user(session.userID)?.username, at: Clock.system.now)
                return (shown, try await authority.story(of: id))
            }
            try output.show([session.table, story?.text].compactMap(\.self).joined(separator: "\n\n")) {
                session.write(to: &$0, story: story)
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a session, all of a user's, or all there are.",
            usage: "martlet session revoke <id> | --user <name> | --all")

        @Argument(help: "The session's id, as `martlet session list` shows it.") var id: SessionID?
        @Option(help: ArgumentHelp("All sessions of this user.", valueName: "name")) var user: String?
        @Flag(help: "All sessions of everyone.") var all = false
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard [id != nil, user != nil, all].count(where: { $0 }) == 1 else {
                throw ValidationError("Say which: one session's id, --user NAME or --all.")
            }
        }

        func run() async throws {
            let revoked = try await storage.withAuthority { authority in
                let selection: SessionSelection =
                    if let id {
                        try await .session(authority.existingSession(id).id)
                    } else if let user {
                        try await .user(authority.existingUser(user).id, except: nil)
                    } else {
                        .all
                    }
                return try await authority.end(selection, .revokedByAdmin)
            }
            let text =
                switch revoked.count {
                case 0: "There was nothing to revoke: no such session was live."
                case 1: "Revoked 1 session."
                case let count: "Revoked \(count) sessions."
                }
            try output.show(text) { $0.object { $0.member("revoked", revoked.map(\.description)) } }
        }
    }
}

extension OperatorsSession {
    fileprivate var table: String {
        var table = Table()
        table.add("id", "\(description.id)")
        table.add("user", username.map { "\($0), id \(userID)" } ?? "removed, id \(userID)")
        table.add("client", description.client)
        table.add("device", description.device)
        table.add("address", description.address)
        table.add("user agent", description.userAgent)
        table.add("begun", description.createdAt.printable)
        table.add("last seen", description.lastSeenAt.printable)
        if let ended = description.ended {
            table.add("ended", "\(ended.at.printable): \(ended.reason.rawValue)")
        } else {
            table.add("ends unused", description.expiresAt.printable)
        }
        return table.text
    }
}

extension SessionStory {
    fileprivate var text: String {
        var table = Table()
        for line in lines { table.add(line.at.printable, line.words) }
        return "\(answer.printable)\n\n\(table.text)"
    }
}

extension Authority {
    fileprivate func existingSession(_ id: SessionID) async throws -> Session {
        guard let session = try await session(id) else {
            throw CommandFailure("There is no session \(id). `martlet session list` shows those there are.")
        }
        return session
    }
}

extension Optional {
    fileprivate func asyncMap<Mapped>(_ transform: (Wrapped) async throws -> Mapped) async rethrows -> Mapped? {
        if let self { try await transform(self) } else { nil }
    }

    fileprivate func orAwait(_ other: () async throws -> Wrapped?) async rethrows -> Wrapped? {
        if let self { self } else { try await other() }
    }
}
