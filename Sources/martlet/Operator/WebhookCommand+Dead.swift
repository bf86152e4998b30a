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

        @Argument(help: "A message's id, or a webhook's for all of it.") var id: String?
        @Flag(help: "All of it, whatever the destination.") var all = false
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { _ = try selection(id, all) }

        func run() async throws {
            let count = try await storage.withAuthority { authority in
                try await authority.reviveDead(known(try selection(id, all), to: authority))
            }
            try output.show("On their way again: \(count).") {
                $0.object { $0.member("count", count) }
            }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget what was given up.")

        @Argument(help: "A message's id, or a webhook's for all of it.") var id: String?
        @Flag(help: "All of it, whatever the destination.") var all = false
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func validate() throws { _ = try selection(id, all) }

        func run() async throws {
            let count = try await storage.withAuthority { authority in
                try await authority.dropDead(known(try selection(id, all), to: authority))
            }
            try output.show("Dropped: \(count).") {
                $0.object { $0.member("count", count) }
            }
        }
    }
}

private func selection(_ id: String?, _ all: Bool) throws -> DeadSelection {
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
