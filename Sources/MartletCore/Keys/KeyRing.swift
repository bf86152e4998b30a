import Crypto
public import MartletJOSE
public import MartletProtocol
import NIOPosix
import Synchronization

/// The authority's keys, opened and ready to use.
///
/// What is in memory is an immutable snapshot of what storage holds. Which key of it is used is a question of the
/// time only, so a new key takes over on every node at the same moment without being told.
public final class KeyRing: Sendable {
    private let storage: any KeyStorage
    private let masterKey: MasterKey
    private let settings: KeySettings
    private let clock: Clock
    private let report: EventSink
    private let snapshot = Reloadable(KeySnapshot())
    /// When an unknown key was last looked up.
    private let lastLookup = Mutex<Timestamp?>(nil)
    /// Since when each upkeep has found these keys dead.
    private let deadSince = Mutex<[KeyRecord: ContinuousClock.Instant]>([:])

    /// For how long a key has to be found dead before it is removed, which cannot be undone: the wall clock may jump
    /// ahead and back.
    static let grace: Duration = .seconds(3_600)

    private init(
        storage: any KeyStorage, masterKey: MasterKey, settings: KeySettings, clock: Clock, report: @escaping EventSink
    ) {
        self.storage = storage
        self.masterKey = masterKey
        self.settings = settings
        self.clock = clock
        self.report = report
    }

    /// Opens the keys in storage. Where there are none yet, as at the first start, makes them.
    ///
    /// - Throws: `storageUnavailable`, also where the master key does not open what storage holds.
    static func open(
        storage: any KeyStorage, masterKey: MasterKey, settings: KeySettings, clock: Clock, report: @escaping EventSink
    ) async throws(AuthorityError) -> KeyRing {
        let ring = KeyRing(storage: storage, masterKey: masterKey, settings: settings, clock: clock, report: report)
        try await ring.reload()
        try await ring.maintain()
        return ring
    }

    /// Reads the keys from storage again. Where they cannot be read or opened, those in memory stay in use.
    public func reload() async throws(AuthorityError) {
        try await snapshot.reload { () async throws(AuthorityError) in
            let records = try await storing { () async throws(StorageError) in try await storage.keys() }
            let present = snapshot.value
            return present.isMade(of: records) ? present : try KeySnapshot(records, openedWith: masterKey)
        }
    }

    /// Makes successors of keys that are old, and removes keys that for a while nothing alive was made with.
    func maintain() async throws(AuthorityError) {
        let now = clock.now
        var isChanged = false
        for kind in KeyRecord.Kind.allCases {
            let schedule = schedule(of: kind)
            if schedule.needsSuccessor(at: now, algorithm: algorithm(of: kind), settings: settings) {
                try await addKey(kind, activeAt: schedule.records.isEmpty ? now : now + settings.publishLead)
                isChanged = true
            }
        }
        for record in longDead(at: now) {
            try await storing { () async throws(StorageError) in
                try await storage.removeKey(kind: record.kind, id: record.id)
            }
            isChanged = true
        }
        if isChanged { try await reload() }
    }

    /// The keys that this and each upkeep within the grace found dead.
    private func longDead(at now: Timestamp) -> [KeyRecord] {
        let dead = KeyRecord.Kind.allCases.flatMap { kind -> [KeyRecord] in
            let schedule = schedule(of: kind)
            return schedule.records.filter { schedule.state(of: $0, at: now) == .dead }
        }
        let instant = clock.instant
        return deadSince.withLock { deadSince in
            var found: [KeyRecord: ContinuousClock.Instant] = [:]
            for record in dead { found[record] = deadSince[record] ?? instant }
            deadSince = found
            return Array(found.filter { instant - $0.value >= Self.grace }.keys)
        }
    }

    /// Makes a successor now. It is published at once and used after the publish lead; no request fails meanwhile.
    ///
    /// - Parameter actor: the administrator who asks for it; nil for an operator's command.
    /// - Returns: the new key's record.
    /// - Throws: `conflict` where another process makes one at the same moment, or all ids are in use.
    public func rotate(
        _ kind: KeyRecord.Kind, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> KeyRecord {
        try await reload()
        if kind == .refreshTokenMAC, RefreshTokenKey.nextID(after: schedule(of: kind).records) == nil {
            throw AuthorityError(
                .conflict, message: "All 256 refresh token keys are in use; wait until the oldest is removed.")
        }
        let record = try await addKey(
            kind, activeAt: clock.now + settings.publishLead, presenter: presenter, actor: actor)
        try await reload()
        guard let record else {
            throw AuthorityError(.conflict, message: "Another process is rotating this key; look at the list of keys.")
        }
        return record
    }

    /// The keys of a kind, with their times.
    public func schedule(of kind: KeyRecord.Kind) -> KeySchedule {
        snapshot.value.schedules[kind] ?? KeySchedule([])
    }

    /// What access tokens are signed with now.
    func signer(at now: Timestamp) throws(AuthorityError) -> AccessTokenSigner {
        guard let signer = snapshot.value.signer(at: now) else {
            throw AuthorityError(.storageUnavailable, retryAfter: .seconds(1), detail: "there is no signing key")
        }
        return signer
    }

    /// What new refresh tokens are authenticated with.
    func refreshTokenKey(at now: Timestamp) throws(AuthorityError) -> RefreshTokenKey {
        guard let key = snapshot.value.refreshTokenKey(at: now) else {
            throw AuthorityError(.storageUnavailable, retryAfter: .seconds(1), detail: "there is no refresh token key")
        }
        return key
    }

    /// The key with this id, where memory has it.
    func knownRefreshTokenKey(_ id: UInt8) -> RefreshTokenKey? { snapshot.value.refreshTokenKeys[id] }

    /// The key with this id, looked up in storage where memory does not have it.
    ///
    /// - Throws: `storageUnavailable` where there is none: a node may be behind, so nobody is signed out for it.
    func refreshTokenKey(_ id: UInt8) async throws(AuthorityError) -> RefreshTokenKey {
        if let key = knownRefreshTokenKey(id) { return key }
        if mayLookUp() {
            try await reload()
            if let key = snapshot.value.refreshTokenKeys[id] { return key }
        }
        throw AuthorityError(
            .storageUnavailable, retryAfter: .seconds(1), detail: "no refresh token key has the id \(id)")
    }

    /// Anyone can name an unknown key, so storage is asked at most once a second.
    private func mayLookUp() -> Bool {
        let now = clock.now
        return lastLookup.withLock { last in
            // A clock that was set back must not stop the look-ups.
            if let last, last <= now, now - last < .seconds(1) { return false }
            last = now
            return true
        }
    }

    /// The keys that access tokens are verified with.
    public var verificationKeys: VerificationKeySet { snapshot.value.verificationKeys }

    /// The JWK Set (RFC 7517 §5) to publish.
    public var jwks: PublishedDocument { snapshot.value.jwks }

    private func algorithm(of kind: KeyRecord.Kind) -> String {
        switch kind {
        case .signing: settings.algorithm.rawValue
        case .refreshTokenMAC: RefreshTokenKey.algorithm
        }
    }

    /// - Returns: nil where another process added one first, or no id is free.
    @discardableResult
    private func addKey(
        _ kind: KeyRecord.Kind, activeAt: Timestamp, presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> KeyRecord? {
        let records = schedule(of: kind).records
        let id: String
        let secret: [UInt8]
        switch kind {
        case .signing:
            let key = try await newSigningKey()
            id = key.keyID
            secret = key.serializedPrivateJWK()
        case .refreshTokenMAC:
            guard let next = RefreshTokenKey.nextID(after: records) else { return nil }
            id = String(next)
            secret = newSecret()
        }
        let record = KeyRecord(
            kind: kind, id: id, algorithm: algorithm(of: kind),
            sealed: try masterKey.seal(secret, label: KeySnapshot.label(kind, id)), createdAt: clock.now,
            activeAt: activeAt
        )
        let isAdded = try await storing { () async throws(StorageError) in
            try await storage.insert(record, expectedCount: records.count)
        }
        guard isAdded else { return nil }
        report(
            AuthorityEvent(.keyAdded(kind, id: id), at: record.createdAt, presenter: presenter, actor: actor))
        return record
    }

    /// An RSA key takes a good part of a second to find, so it is made on a thread that may be kept busy.
    private func newSigningKey() async throws(AuthorityError) -> SigningKey {
        do {
            return try await NIOThreadPool.singleton.runIfActive { [algorithm = settings.algorithm] in
                SigningKey(generating: algorithm)
            }
        } catch {
            throw AuthorityError(
                .storageUnavailable, retryAfter: .seconds(1), detail: "a signing key could not be made: \(error)")
        }
    }
}
