import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

extension WebhookCommand {
    struct Dead: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what was given up, of one webhook or of all destinations.")

        @Argument(help: "The webhook's id.") var id: WebhookID?
        @Option(help: ArgumentHelp("How many at most.", valueName: "number")) var limit = 100
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (0...100_000).contains(limit) else {
                throw ValidationError("The limit is a number from 0 to 100000.")
            }
        }

        func run() async throws {
            let messages = try await storage.withAuthority(onlyReading: true) { authority in
                try await authority.deadMessages(of: id.map { .webhook($0) }, after: nil, limit: limit)
            }
            var table = Table(["message", "destination", "event", "what happened", "given up", "attempts", "error"])
            for message in messages {
                table.add(
                    "\(message.id)", message.destination.text, "\(message.eventNumber)", message.record.words,
                    message.diedAt?.printable, "\(message.attempts)", message.lastError)
            }
            try output.show(table.text) {
                $0.object { $0.member("messages", .array(messages.map(\.json))) }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send again what was given up.",
            discussion: "The server sends it, within a second where it runs.")

        @OptionGroup var letters: DeadLetters

        func run() async throws {
            try await letters.change(by: { try await $0.reviveDead($1) }) { "On their way again: \($0)." }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget what was given up.")

        @OptionGroup var letters: DeadLetters

        func run() async throws {
            try await letters.change(by: { try await $0.dropDead($1) }) { "Dropped: \($0)." }
        }
    }
}

/// Dead letters, and what a command does to them.
struct DeadLetters: ParsableArguments {
    @Argument(help: "A message's id, or a webhook's for all of it.") var id: String?
    @Flag(help: "All of it, whatever the destination.") var all = false
    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { _ = try selection() }

    /// Does something to them, and says of how many.
    func change(
        by work: @Sendable @escaping (Authority, DeadSelection) async throws -> Int, words: (Int) -> String
    ) async throws {
        let count = try await storage.withAuthority { authority in
            try await work(authority, known(try selection(), to: authority))
        }
        try output.show(words(count)) {
            $0.object { $0.member("count", count) }
        }
    }

    private func selection() throws -> DeadSelection {
        switch (id, all) {
        case (nil, true): return .all
        case (let id?, false):
            guard let id = OutboxMessageID(id) else {
                throw ValidationError("\"\(id.printable)\" is no id: `webhook dead` and `webhook list` show them.")
            }
            return .message(id)
        default: throw ValidationError("Name a message or a webhook by its id, or give --all.")
        }
    }

    /// The ids of webhooks and of messages look alike.
    private func known(_ selection: DeadSelection, to authority: Authority) async throws -> DeadSelection {
        guard case .message(let id) = selection, let webhook = WebhookID(id.description),
            try await authority.webhook(webhook) != nil
        else { return selection }
        return .destination(.webhook(webhook))
    }
}

extension OutboxMessage {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "id": .string("\(id)"), "destination": .string(destination.text),
            "event": .number(JSONNumber(eventNumber)), "kind": .string(record.kind.rawValue),
            "attempts": .number(JSONNumber(Int64(attempts))),
        ]
        object["diedAt"] = diedAt.map { .string("\($0)") }
        object["error"] = lastError.map(JSONValue.string)
        return .object(object)
    }
}
