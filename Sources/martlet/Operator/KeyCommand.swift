import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The authority's keys: list, rotate.", subcommands: [List.self, Rotate.self]
    )
}

/// A kind of key, as the command line names it.
enum KeyKind: String, ExpressibleByArgument, CaseIterable {
    /// Signs access tokens.
    case signing
    /// Authenticates refresh tokens.
    case refreshToken = "refresh-token"

    init(_ kind: KeyRecord.Kind) {
        switch kind {
        case .signing: self = .signing
        case .refreshTokenMAC: self = .refreshToken
        }
    }

    var recordKind: KeyRecord.Kind {
        switch self {
        case .signing: .signing
        case .refreshToken: .refreshTokenMAC
        }
    }
}

extension KeyCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, by kind and age.")

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let keys = try await storage.withAuthority(onlyReading: true) { authority in
                KeyRecord.Kind.allCases.flatMap { kind in
                    let schedule = authority.keys.schedule(of: kind)
                    return schedule.records.map { ScheduledKey($0, in: schedule, at: Clock.system.now) }
                }
            }
            try output.show(table(of: keys)) { $0.object { $0.member("keys", .array(keys.map(\.json))) } }
        }

        private func table(of keys: [ScheduledKey]) -> String {
            var table = Table(["kind", "id", "algorithm", "state", "made", "used from", "kept until"])
            for key in keys {
                table.add(
                    KeyKind(key.record.kind).rawValue, key.record.id, key.record.algorithm, key.state.rawValue,
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
            try output.show(text) { $0.value(key.json) }
        }
    }
}

/// A key and what it is doing.
private struct ScheduledKey {
    let record: KeyRecord
    let state: KeySchedule.State
    /// When nothing that it made can still be alive; nil while it has no successor.
    let removedAt: Timestamp?

    init(_ record: KeyRecord, in schedule: KeySchedule, at now: Timestamp) {
        self.record = record
        state = schedule.state(of: record, at: now)
        removedAt = schedule.removal(of: record)
    }

    var json: JSONValue {
        var object: JSONObject = [
            "kind": .string(KeyKind(record.kind).rawValue), "id": .string(record.id),
            "algorithm": .string(record.algorithm), "state": .string(state.rawValue),
            "createdAt": .string("\(record.createdAt)"), "activeAt": .string("\(record.activeAt)"),
        ]
        object["removedAt"] = removedAt.map { .string("\($0)") }
        return .object(object)
    }
}
