public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func statusIndex(of id: SessionID) async throws(StorageError) -> Int64? {
        try access { $0.statusIndices[id] }
    }

    public func statuses(in range: Range<Int64>) async throws(StorageError) -> SessionStatuses {
        try access { state in
            let live = state.statusIndices.filter { range.contains($0.value) && state.sessions[$0.key]?.end == nil }
            return SessionStatuses(next: state.nextStatusIndex, live: Array(live.values))
        }
    }
}
