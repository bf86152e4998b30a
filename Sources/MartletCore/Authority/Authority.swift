import MartletProtocol

/// The engine: accounts, sessions, tokens. It knows no sockets and no SQL.
///
/// What it does is in extensions, one for each concern. Nothing here caches what a decision depends on: a session is
/// always decided on in storage.
public final class Authority: Sendable {
    public let settings: AuthoritySettings
    public let keys: KeyRing
    public let clients: ClientRegistry
    let storage: any Storage
    let hasher: PasswordHasher
    let clock: Clock
    let report: EventSink

    /// Opens the authority on its storage; at the first start, makes its keys.
    ///
    /// - Parameters:
    ///   - masterKey: what the keys in storage are sealed under.
    ///   - report: hears of everything that matters. It is called on the way of requests, so it has to be quick.
    /// - Throws: `storageUnavailable` where storage fails, or the master key is not the one its keys were sealed with.
    public init(
        settings: AuthoritySettings, storage: any Storage, masterKey: MasterKey, clock: Clock = .system,
        report: @escaping EventSink = { _ in }
    ) async throws(AuthorityError) {
        self.settings = settings
        self.storage = storage
        self.clock = clock
        self.report = report
        self.hasher = try PasswordHasher(
            parameters: settings.passwordParameters, threads: settings.passwordThreads, queue: settings.passwordQueue
        )
        self.clients = try await ClientRegistry(storage: storage)
        self.keys = try await KeyRing.open(
            storage: storage, masterKey: masterKey, settings: settings.keys, clock: clock
        )
    }
}
