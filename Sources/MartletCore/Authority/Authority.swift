import MartletProtocol

/// The engine: accounts, sessions, tokens. It knows no sockets and no SQL.
///
/// What it does is in extensions, one for each concern. Nothing here caches what a decision depends on: a session is
/// always decided on in storage.
public final class Authority: Sendable {
    public let settings: AuthoritySettings
    public let keys: KeyRing
    public let clients: ClientRegistry
    /// The denylist, which is never behind what this authority has answered.
    public let revocations: RevocationLog
    /// Writes the records of events. `flush` it before the process ends.
    public let events: EventRecorder
    let eventKey: EventKey
    /// What the secrets of webhooks are sealed under.
    let masterKey: MasterKey
    let linkKey: SecurityLinkKey
    let denial: Denial
    let storage: any Storage
    let hasher: PasswordHasher
    /// Nil where limits are switched off.
    let limiter: RateLimiter?
    package let clock: Clock
    let settledTime: SettledTime
    package let measurements: AuthorityMeasurements
    let report: EventSink

    /// Opens the authority on its storage; at the first start, makes its keys.
    ///
    /// - Parameters:
    ///   - masterKey: what the keys in storage are sealed under.
    ///   - measurements: where the engine counts what it does.
    ///   - report: hears of everything that matters. It is called on the way of requests, so it has to be quick.
    /// - Throws: `malformedRequest` where the settings do not fit together; `storageUnavailable` where storage fails,
    ///   or the master key is not the one its keys were sealed with.
    public init(
        settings: AuthoritySettings, storage: any Storage, masterKey: MasterKey, clock: Clock = .system,
        measurements: AuthorityMeasurements = AuthorityMeasurements(), report: @escaping EventSink = { _ in }
    ) async throws(AuthorityError) {
        if let fault = settings.fault { throw .malformed(fault) }
        self.settings = settings
        self.storage = storage
        self.clock = clock
        self.settledTime = SettledTime(clock)
        self.measurements = measurements
        self.masterKey = masterKey
        let eventKey = EventKey(masterKey)
        self.eventKey = eventKey
        self.linkKey = SecurityLinkKey(masterKey)
        let events = EventRecorder(
            storage: storage, key: eventKey, settings: settings.events, clock: clock,
            dropped: measurements.eventsDropped)
        self.events = events
        let reportAndRecord: EventSink = { event in
            report(event)
            events.record(event)
        }
        self.report = reportAndRecord
        self.hasher = try PasswordHasher(
            parameters: settings.passwordParameters, threads: settings.passwordThreads, queue: settings.passwordQueue,
            measurements: measurements
        )
        self.limiter = RateLimiter(settings.rateLimits)
        let clients = try await ClientRegistry(
            storage: storage, firstParty: .firstParty(origins: settings.allowedOrigins))
        self.clients = clients
        let configured = settings.longestAccessLifetime
        self.denial = Denial(clock: clock) { max(configured, clients.longestAccessLifetime) }
        try await Self.nameAccessLifetime(denial.longestLifetime, to: storage, at: clock.now)
        self.revocations = try await RevocationLog(storage: storage, issuer: settings.issuer, clock: clock)
        self.keys = try await KeyRing.open(
            storage: storage, masterKey: masterKey, settings: settings.keys, clock: clock, report: reportAndRecord
        )
    }
}
