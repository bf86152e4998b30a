public import ArgumentParser
public import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct EventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "The records of what happened: list, verify.",
        subcommands: [List.self, Verify.self]
    )
}

extension EventKind: ExpressibleByArgument {
    public init?(argument: String) {
        guard let kind = Self.all.first(where: { $0.rawValue == argument }) else { return nil }
        self = kind
    }

    public static var allValueStrings: [String] { all.map(\.rawValue) }
}

extension EventCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the newest events, the oldest of them first.")

        @Option(help: ArgumentHelp("Only this user's, by name or id.", valueName: "name")) var user: String?
        @Option(help: ArgumentHelp("Only this session's.", valueName: "id")) var session: SessionID?
        @Option(help: ArgumentHelp("Only of this kind. May be given several times.", valueName: "kind"))
        var kind: [EventKind] = []
        @Option(
            help: ArgumentHelp(
                "Only since then: 2026-01-01T12:30:00Z, or as long ago as 2h or 7d.", valueName: "time"))
        var since: String?
        @Option(help: ArgumentHelp("How many at most.", valueName: "number")) var limit = 50
        @Flag(help: "Go on with those that happen from now on, one a line. Ctrl-C stops it.") var follow = false
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (0...1_000_000).contains(limit) else {
                throw ValidationError("The limit is a number from 0 to 1000000.")
            }
            _ = try sinceTime()
        }

        func run() async throws {
            try await storage.withAuthority(onlyReading: true) { authority in
                var query = EventQuery(limit: limit, session: session, kinds: kind, since: try sinceTime())
                if let user {
                    query.user =
                        if let id = UserID(user) { id } else { try await authority.existingUser(user).id }
                }
                let start = try await authority.recordedEvents(EventQuery(limit: 1)).first?.number ?? 0
                let events = try await authority.recordedEvents(query).reversed()
                guard follow else { return try show(Array(events)) }
                for event in events { try showLine(event) }
                try await follow(query, after: max(start, events.last?.number ?? 0), on: authority)
            }
        }

        private func follow(_ query: EventQuery, after start: Int64, on authority: Authority) async throws {
            var query = query
            query.limit = 1_000
            var last = start
            while !Task.isCancelled {
                query.order = .after(last)
                let events = try await authority.recordedEvents(query)
                for event in events { try showLine(event) }
                last = events.last?.number ?? last
                try await Task.sleep(for: .milliseconds(500), clock: .continuous)
            }
        }

        private func show(_ events: [StoredEvent]) throws {
            var table = Table(["number", "time", "kind", "what happened"])
            for event in events {
                let record = event.record
                table.add("\(event.number)", record.at.printable, record.kind.rawValue, record.words)
            }
            try output.show(table.text) { writer in
                writer.object {
                    $0.member("events") {
                        $0.array {
                            for event in events { event.write(to: &$0) }
                        }
                    }
                }
            }
        }

        private func showLine(_ event: StoredEvent) throws {
            let record = event.record
            let text = "\(event.number)  \(record.at.printable)  \(record.kind)  \(record.words)".printable
            try output.show(text) { event.write(to: &$0) }
        }

        private func sinceTime() throws -> Timestamp? {
            guard let since else { return nil }
            if let time = Timestamp(rfc3339: since) { return time }
            guard let ago = Duration(text: since) else {
                throw ValidationError(
                    "--since is a time such as 2026-01-01T12:30:00Z, or as long ago as 30m, 2h or 7d.")
            }
            return Clock.system.now - ago
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find the first record that is not as it was written.",
            discussion: """
                Each record is sealed over the one before it under a key that is made from the master key. It ends \
                with 1 where a record was changed, removed, inserted, put elsewhere or cut off, and where martlet.mark, \
                which tells of the newest one, is lost.
                """)

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let found = try await storage.withAuthority(onlyReading: true) { try await $0.verifyEvents() }
            let text =
                if let fault = found.fault, fault.kind == .mark {
                    "\(fault.words)\nRecords that are there, and as they were written: \(found.intact).\n\(Self.advice)"
                } else if let fault = found.fault {
                    "\(fault.words)\nRecords before it that are as they were written: \(found.intact)."
                } else if found.intact == 0 {
                    "There is no record yet."
                } else {
                    "All \(found.intact) records are as they were written, from \(found.first) to \(found.newest)."
                }
            try output.show(text.printable) { writer in
                writer.object {
                    $0.member("intact", found.intact)
                    $0.member("first", found.first)
                    $0.member("newest", found.newest)
                    if let fault = found.fault {
                        $0.member("fault") {
                            $0.object {
                                $0.member("kind", fault.kind.rawValue)
                                $0.member("number", fault.number)
                                $0.member("words", fault.words)
                            }
                        }
                    }
                }
            }
            if found.fault != nil { throw ExitCode(1) }
        }

        /// What to do where the mark is lost.
        private static let advice = """
            If you did not remove it yourself, find out who did, and compare the newest records with copies that are \
            kept elsewhere. Then start the server once with --after-restore: it makes a new one, and records that the \
            end could not be checked.
            """
    }
}
