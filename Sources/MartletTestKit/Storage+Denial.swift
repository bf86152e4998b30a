public import MartletCore
public import MartletProtocol

extension Fixtures {
    /// Entries of the denylist as they are written at a time, with access tokens of the standard profile.
    public static func denial(at now: Timestamp = start, mostSessionEntries: Int = 10_000) -> Denial {
        Denial(clock: Clock { now }, mostSessionEntries: mostSessionEntries) { SessionPolicy.standard.accessLifetime }
    }
}

/// Ends for tests that are not about the denylist.
extension Storage {
    public func end(_ selection: SessionSelection, _ end: SessionEnd) async throws(StorageError) -> [SessionID] {
        try await self.end(selection, end, denial: Fixtures.denial(at: end.at))
    }

    public func present(
        _ id: SessionID, from presenter: Presenter, at now: Timestamp, durability: Durability,
        decide: @escaping @Sendable (Session?) -> RotationDecision
    ) async throws(StorageError) -> Presented {
        try await present(
            id, from: presenter, at: now, durability: durability, denial: Fixtures.denial(at: now), decide: decide)
    }

    public func sweep(
        at now: Timestamp, grace: Duration, forgetting: Timestamp, limit: Int
    ) async throws(StorageError) -> Int {
        try await sweep(
            at: now, grace: grace, forgetting: forgetting, limit: limit, denial: Fixtures.denial(at: now))
    }

    public func setPassword(
        of id: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID?,
        isRecovery: Bool = false, at now: Timestamp
    ) async throws(StorageError) -> [SessionID]? {
        try await setPassword(
            of: id, to: hash, expectedVersion: expectedVersion, keeping: kept, isRecovery: isRecovery, at: now,
            denial: Fixtures.denial(at: now))
    }

    public func requireNewPassword(
        of id: UserID, by proof: PasswordProof, unlessRecoveredSince event: Timestamp?, at now: Timestamp
    ) async throws(StorageError) -> [SessionID]? {
        try await requireNewPassword(
            of: id, by: proof, unlessRecoveredSince: event, at: now, denial: Fixtures.denial(at: now))
    }

    public func setDisabled(
        _ isDisabled: Bool, of id: UserID, at now: Timestamp
    ) async throws(StorageError) -> [SessionID]? {
        try await setDisabled(isDisabled, of: id, at: now, denial: Fixtures.denial(at: now))
    }

    public func removeUser(_ id: UserID, at now: Timestamp) async throws(StorageError) -> [SessionID]? {
        try await removeUser(id, at: now, denial: Fixtures.denial(at: now))
    }

    public func removeClient(_ id: String, at now: Timestamp) async throws(StorageError) -> [SessionID]? {
        try await removeClient(id, at: now, denial: Fixtures.denial(at: now))
    }
}
