import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Where events are sent: add, list, test, remove; and what was given up.",
        discussion: "docs/webhooks.md says what is sent, and how to check it.",
        subcommands: [
            Add.self, List.self, Test.self, Enable.self, Remove.self, Dead.self, Retry.self, Drop.self,
        ]
    )
}

extension WebhookCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events to a URL from now on.",
            discussion: """
                Messages are signed with a secret that is shown once (Standard Webhooks), or with --format set are \
                security event tokens (RFC 8417), signed with the keys of the access tokens.
                """)

        @Argument(help: "An https URL.") var url: String
        @Option(
            help: ArgumentHelp(
                "The kinds of events, separated by commas. (default: what an app may have to act on)",
                valueName: "kinds"))
        var events: String?
        @Option(help: "How messages look.") var format: WebhookEndpoint.Format = .standard
        @Option(help: "The aud of security event tokens: what the receiver calls itself.") var audience: String?
        @Option(
            help: ArgumentHelp(
                "A file whose first line is the value of Authorization, such as \"Bearer …\"; - for standard input.",
                valueName: "file"))
        var authorizationFile: String?
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            _ = try kinds()
        }

        func run() async throws {
            let authorization = try authorizationFile.map(firstLine)
            try await storage.withAuthority(makingFolder: true) { authority in
                let (webhook, secret) = try await authority.addWebhook(
                    NewWebhook(
                        url: url, format: format, kinds: kinds(), audience: audience, authorization: authorization))
                let text =
                    "Added the webhook \(webhook.id)."
                    + (secret.map { "\nIts secret, which is shown this once:\n\($0.text)" } ?? "")
                do {
                    try output.show(text) { $0.value(webhook.json(secret: secret)) }
                } catch {
                    // Nobody has seen the secret, so nobody could check what is sent.
                    try? await authority.removeWebhook(webhook.id)
                    throw error
                }
            }
        }

        private func kinds() throws -> [EventKind]? {
            try events?.split(separator: ",", omittingEmptySubsequences: false).map { name in
                guard let kind = EventKind(argument: String(name)) else {
                    throw ValidationError(
                        "There is no kind of event \"\(name)\"; there are "
                            + "\(EventKind.allValueStrings.joined(separator: ", ")).")
                }
                return kind
            }
        }

        private func firstLine(of path: String) throws -> String {
            if path == "-" { return try StandardInput.firstLine(limit: 4_096, of: "value of Authorization") }
            let line = try FileBytes.contents(of: path, limit: 65_536).prefix { $0 != UInt8(ascii: "\n") }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw CommandFailure("The first line of \(path) is not UTF-8.")
            }
            return text.last == "\r" ? String(text.dropLast()) : text
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the webhooks, how much waits for each, and why the last attempt failed.")

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (webhooks, figures) = try await storage.withAuthority(onlyReading: true) { authority in
                (
                    try await authority.webhooks(),
                    Dictionary(uniqueKeysWithValues: try await authority.outboxFigures().map { ($0.destination, $0) })
                )
            }
            var table = Table(["id", "url", "format", "events", "state", "pending", "dead", "last error"])
            for webhook in webhooks {
                let one = figures[.webhook(webhook.id)]
                table.add(
                    "\(webhook.id)", webhook.url, webhook.format.rawValue,
                    webhook.kinds.map(\.rawValue).joined(separator: ","),
                    webhook.disabledAt.map { "disabled \($0.printable)" } ?? "enabled", "\(one?.pending ?? 0)",
                    "\(one?.dead ?? 0)", one?.lastError)
            }
            try output.show(table.text) {
                $0.object {
                    $0.member("webhooks", .array(webhooks.map { $0.json(figures[.webhook($0.id)]) }))
                }
            }
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a message that says that it is a test, and say what was answered.",
            discussion: "It goes out from this command, at once, and is not tried again. It ends with 1 where it fails."
        )

        @Argument(help: "The webhook's id.") var id: WebhookID
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let options = try storage.loadedConfiguration().configuration.webhooks
            let answer = try await storage.withAuthority { authority -> Result<Int, DeliveryFailure> in
                do {
                    return .success(try await WebhookCarrier(authority: authority, options: options).test(id))
                } catch let failure as DeliveryFailure {
                    return .failure(failure)
                }
            }
            switch answer {
            case .success(let status):
                try output.show("It was taken, with status \(status).") {
                    $0.object {
                        $0.member("delivered", true)
                        $0.member("status", status)
                    }
                }
            case .failure(let failure):
                try output.show("It was not taken: \(failure.reason.printable).") {
                    $0.object {
                        $0.member("delivered", false)
                        $0.member("error", failure.reason)
                    }
                }
                throw ExitCode(1)
            }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send again to a webhook that said it was gone, from now on.")

        @Argument(help: "The webhook's id.") var id: WebhookID
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await storage.withAuthority { try await $0.enableWebhook(id) }
            try output.show("Enabled the webhook \(id). `webhook retry` sends it what was given up.") {
                $0.object { $0.member("id", id.description) }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a webhook, and what was on its way to it.")

        @Argument(help: "The webhook's id.") var id: WebhookID
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await storage.withAuthority { try await $0.removeWebhook(id) }
            try output.show("Removed the webhook \(id).") {
                $0.object { $0.member("id", id.description) }
            }
        }
    }
}

extension WebhookEndpoint {
    /// - Parameter secret: where it was made just now.
    fileprivate func json(_ figures: OutboxFigures? = nil, secret: WebhookSecret? = nil) -> JSONValue {
        var object: JSONObject = [
            "id": .string("\(id)"), "url": .string(url), "format": .string(format.rawValue),
            "events": .array(kinds.map { .string($0.rawValue) }), "createdAt": .string("\(createdAt)"),
        ]
        object["audience"] = audience.map(JSONValue.string)
        if sealedAuthorization != nil { object["hasAuthorization"] = true }
        object["disabledAt"] = disabledAt.map { .string("\($0)") }
        object["secret"] = secret.map { .string($0.text) }
        if secret == nil {
            object["pending"] = .number(JSONNumber(Int64(figures?.pending ?? 0)))
            object["dead"] = .number(JSONNumber(Int64(figures?.dead ?? 0)))
            object["lastError"] = figures?.lastError.map(JSONValue.string)
        }
        return .object(object)
    }
}
