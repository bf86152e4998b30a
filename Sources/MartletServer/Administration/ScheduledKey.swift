package import MartletCore
package import MartletJOSE
package import MartletProtocol

/// A key and what it is doing.
package struct ScheduledKey: Sendable {
    package let record: KeyRecord
    package let state: KeySchedule.State
    /// When nothing that it made can still be alive; nil while it has no successor.
    package let removedAt: Timestamp?

    package init(_ record: KeyRecord, in schedule: KeySchedule, at now: Timestamp) {
        self.record = record
        state = schedule.state(of: record, at: now)
        removedAt = schedule.removal(of: record)
    }

    package var kind: KeyKind { KeyKind(record.kind) }

    /// Writes the key as an object, for administrators and the command: all but the key itself.
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("kind", kind.rawValue)
            $0.member("id", record.id)
            $0.member("algorithm", record.algorithm)
            $0.member("state", state.rawValue)
            $0.member("createdAt", record.createdAt.description)
            $0.member("activeAt", record.activeAt.description)
            if let removedAt { $0.member("removedAt", removedAt.description) }
        }
    }
}

extension KeyRing {
    /// All keys, by kind and age.
    package func scheduled(at now: Timestamp) -> [ScheduledKey] {
        KeyRecord.Kind.allCases.flatMap { kind in
            let schedule = schedule(of: kind)
            return schedule.records.map { ScheduledKey($0, in: schedule, at: now) }
        }
    }
}
