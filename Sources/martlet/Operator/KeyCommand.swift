import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The authority's keys: list, rotate.", subcommands: [List.self, Rotate.self]
    )
}

extension KeyCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, by kind and age.")

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let keys = try await storage.withAuthority(onlyReading: true) { authority in
                authority.keys.scheduled(at: Clock.system.now)
            }
            try output.show(table(of: keys)) {
                $0.object {
                    $0.member("keys") {
                        $0.array { for key in keys { key.write(to: &$0) } }
                    }
                }
            }
        }

        private func table(of keys: [ScheduledKey]) -> String {
            var table = Table(["kind", "id", "algorithm", "state", "made", "used from", "kept until"])
            for key in keys {
                table.add(
                    key.kind.rawValue, key.record.id, key.record.algorithm, key.state.rawValue,
                    key.record.createdAt.printable, key.record.activeAt.printable, key.removedAt?.printable)
            }
            return table.text
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the next key of a kind.",
            discussion: "It is published at once and used after the publish lead, so no request fails meanwhile.")

        @Option(help: "Which keys.") var kind = KeyKind.signing
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let key = try await storage.withAuthority { authority in
                let record = try await authority.keys.rotate(kind.recordKind)
                return ScheduledKey(
                    record, in: authority.keys.schedule(of: record.kind), at: Clock.system.now)
            }
            let text =
                "Made the \(kind.rawValue) key \(key.record.id). It is used from \(key.record.activeAt.printable) on."
            try output.show(text) { key.write(to: &$0) }
        }
    }
}
