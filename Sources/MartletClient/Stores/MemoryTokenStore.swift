import Synchronization

/// Keeps the session for as long as the process lives.
public final class MemoryTokenStore: TokenStore {
    private struct State {
        var session: SavedSession?
        var isLeased = false
    }

    private let state = Mutex(State())

    public init() {}

    public func load() async throws -> SavedSession? {
        state.withLock(\.session)
    }

    public func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool {
        state.withLock { state in
            guard condition.isMet(by: state.session) else { return false }
            state.session = session
            return true
        }
    }

    public func lease(timeout: Duration) async throws -> RenewalLease? {
        try await polling(for: timeout) { [self] in
            let isMine = state.withLock { state in
                defer { state.isLeased = true }
                return !state.isLeased
            }
            return isMine ? RenewalLease { [self] in state.withLock { $0.isLeased = false } } : nil
        }
    }
}
