import MartletClient

/// A store as it must not be, for the run that has to fail: it takes no turns, and writes whatever it was told to
/// without looking at what is there.
final class CarelessStore: TokenStore {
    private let store: FileTokenStore

    init(_ store: FileTokenStore) {
        self.store = store
    }

    func load() async throws -> SavedSession? {
        try await store.load()
    }

    func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool {
        try await store.replace(if: .always, with: session)
    }

    func lease(timeout: Duration) async throws -> RenewalLease? {
        nil
    }
}
