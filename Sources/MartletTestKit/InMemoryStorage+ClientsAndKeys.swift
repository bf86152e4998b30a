public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func insert(_ client: ClientRegistration) async throws(StorageError) {
        try access { state throws(StorageError) in
            guard state.clients[client.id] == nil else {
                throw StorageError(.conflict, detail: "the client is there already")
            }
            state.clients[client.id] = client
            state.changes += 1
        }
    }

    public func client(_ id: String) async throws(StorageError) -> ClientRegistration? {
        try access { $0.clients[id] }
    }

    public func clients() async throws(StorageError) -> [ClientRegistration] {
        try access { state in state.clients.values.sorted { $0.id < $1.id } }
    }

    public func removeClient(
        _ id: String, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try access { state in
            guard state.clients[id] != nil else { return nil }
            // First, as long as its audience and its tokens' life are known.
            let ended = state.end(.client(id), SessionEnd(at: now, reason: .clientRemoved), denial)
            state.clients[id] = nil
            state.changes += 1
            return ended
        }
    }

    public func keys() async throws(StorageError) -> [KeyRecord] {
        try access { state in
            state.keys.sorted { ($0.activeAt, $0.kind.rawValue, $0.id) < ($1.activeAt, $1.kind.rawValue, $1.id) }
        }
    }

    public func insert(_ key: KeyRecord, expectedCount: Int) async throws(StorageError) -> Bool {
        try access { state throws(StorageError) in
            guard state.keys.count(where: { $0.kind == key.kind }) == expectedCount else { return false }
            guard !state.keys.contains(where: { $0.kind == key.kind && $0.id == key.id }) else {
                throw StorageError(.conflict, detail: "the key is there already")
            }
            state.keys.append(key)
            state.changes += 1
            return true
        }
    }

    public func removeKey(kind: KeyRecord.Kind, id: String) async throws(StorageError) {
        try access { state in
            state.keys.removeAll { $0.kind == kind && $0.id == id }
            state.changes += 1
        }
    }
}
