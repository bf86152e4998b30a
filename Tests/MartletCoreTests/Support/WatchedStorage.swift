import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization

/// Storage in memory that counts what it is asked for, and lets a test do something at just the wrong moment.
final class WatchedStorage: Storage, PassesPagesOn {
    typealias Work = @Sendable () async -> Void

    private struct State {
        var keyReads = 0
        var durabilities: [Durability] = []
        var beforeSessionInsert: Work?
        var afterKeyRead: Work?
        var afterPresentation: Work?
        var beforeClientRead: Work?
        var afterPasswordChange: Work?
        var afterRevocationRead: Work?
        var revocationFailure: StorageError?
        var appended: [Int] = []
        var appendFailure: StorageError?
    }

    let base = InMemoryStorage()
    private let state = Mutex(State())

    var keyReads: Int { state.withLock { $0.keyReads } }
    /// What each presentation so far asked for.
    var durabilities: [Durability] { state.withLock { $0.durabilities } }

    /// Does something once, before the next session is inserted.
    func beforeNextSessionInsert(_ work: @escaping Work) {
        state.withLock { $0.beforeSessionInsert = work }
    }

    /// Does something once, after the next time the keys were read and before the reader has them.
    func afterNextKeyRead(_ work: @escaping Work) {
        state.withLock { $0.afterKeyRead = work }
    }

    /// Does something once, after the next presentation was decided and before its answer is made.
    func afterNextPresentation(_ work: @escaping Work) {
        state.withLock { $0.afterPresentation = work }
    }

    /// Does something once, after the next password was set and before whoever set it goes on.
    func afterNextPasswordChange(_ work: @escaping Work) {
        state.withLock { $0.afterPasswordChange = work }
    }

    /// Does something once, before the next time a client is looked up.
    func beforeNextClientRead(_ work: @escaping Work) {
        state.withLock { $0.beforeClientRead = work }
    }

    /// Does something once, after the next time entries of the denylist were read and before the reader has them.
    func afterNextRevocationRead(_ work: @escaping Work) {
        state.withLock { $0.afterRevocationRead = work }
    }

    /// Lets every reading of the denylist fail until this is called with nil.
    func failRevocationReads(with error: StorageError?) {
        state.withLock { $0.revocationFailure = error }
    }

    /// How many records each appending had.
    var appended: [Int] { state.withLock { $0.appended } }

    /// Lets every appending of records fail, after they were appended, until this is called with nil.
    func failAfterAppending(with error: StorageError?) {
        state.withLock { $0.appendFailure = error }
    }

    private func take(_ work: @Sendable (inout State) -> Work?) async {
        await state.withLock { work(&$0) }?()
    }

    func changes() async throws(StorageError) -> StorageChanges { try await base.changes() }

    // MARK: Users

    func insert(_ user: User) async throws(StorageError) { try await base.insert(user) }

    func user(_ id: UserID) async throws(StorageError) -> User? { try await base.user(id) }

    func user(named key: UsernameKey) async throws(StorageError) -> User? { try await base.user(named: key) }

    func users(after: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try await base.users(after: after, limit: limit)
    }

    func upgradePasswordHash(of id: UserID, from old: PasswordHash, to new: PasswordHash) async throws(StorageError) {
        try await base.upgradePasswordHash(of: id, from: old, to: new)
    }

    func setPassword(
        of id: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID?, isRecovery: Bool,
        at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        let ended = try await base.setPassword(
            of: id, to: hash, expectedVersion: expectedVersion, keeping: kept, isRecovery: isRecovery, at: now,
            denial: denial)
        await take { state in
            defer { state.afterPasswordChange = nil }
            return state.afterPasswordChange
        }
        return ended
    }

    func requireNewPassword(
        of id: UserID, by proof: PasswordProof, unlessRecoveredSince event: Timestamp?, at now: Timestamp,
        denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await base.requireNewPassword(
            of: id, by: proof, unlessRecoveredSince: event, at: now, denial: denial)
    }

    func setDisabled(
        _ isDisabled: Bool, of id: UserID, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await base.setDisabled(isDisabled, of: id, at: now, denial: denial)
    }

    func removeUser(_ id: UserID, at now: Timestamp, denial: Denial) async throws(StorageError) -> [SessionID]? {
        try await base.removeUser(id, at: now, denial: denial)
    }

    // MARK: Sessions

    func insert(_ session: Session, userVersion: Int64) async throws(StorageError) -> Bool {
        let work = state.withLock { state in
            defer { state.beforeSessionInsert = nil }
            return state.beforeSessionInsert
        }
        await work?()
        return try await base.insert(session, userVersion: userVersion)
    }

    func session(_ id: SessionID) async throws(StorageError) -> Session? { try await base.session(id) }

    func sessions(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int
    ) async throws(StorageError) -> [Session] {
        try await base.sessions(of: user, includingEnded: includingEnded, before: before, limit: limit)
    }

    func present(
        _ id: SessionID, from presenter: Presenter, at now: Timestamp, durability: Durability, denial: Denial,
        decide: @escaping @Sendable (Session?) -> RotationDecision
    ) async throws(StorageError) -> Presented {
        state.withLock { $0.durabilities.append(durability) }
        let presented = try await base.present(
            id, from: presenter, at: now, durability: durability, denial: denial, decide: decide)
        await take { $0.afterPresentation.take() }
        return presented
    }

    func end(
        _ selection: SessionSelection, _ end: SessionEnd, denial: Denial
    ) async throws(StorageError) -> [SessionID] {
        try await base.end(selection, end, denial: denial)
    }

    func sweep(
        at now: Timestamp, grace: Duration, forgetting: Timestamp, limit: Int, denial: Denial
    ) async throws(StorageError) -> Int {
        try await base.sweep(at: now, grace: grace, forgetting: forgetting, limit: limit, denial: denial)
    }

    // MARK: Clients and keys

    func insert(_ client: ClientRegistration) async throws(StorageError) { try await base.insert(client) }

    func client(_ id: String) async throws(StorageError) -> ClientRegistration? {
        await take { $0.beforeClientRead.take() }
        return try await base.client(id)
    }

    func clients() async throws(StorageError) -> [ClientRegistration] { try await base.clients() }

    func removeClient(_ id: String, at now: Timestamp, denial: Denial) async throws(StorageError) -> [SessionID]? {
        try await base.removeClient(id, at: now, denial: denial)
    }

    func keys() async throws(StorageError) -> [KeyRecord] {
        let keys = try await base.keys()
        let work = state.withLock { state in
            state.keyReads += 1
            defer { state.afterKeyRead = nil }
            return state.afterKeyRead
        }
        await work?()
        return keys
    }

    func insert(_ key: KeyRecord, expectedCount: Int) async throws(StorageError) -> Bool {
        try await base.insert(key, expectedCount: expectedCount)
    }

    func removeKey(kind: KeyRecord.Kind, id: String) async throws(StorageError) {
        try await base.removeKey(kind: kind, id: id)
    }

    // MARK: Revocations

    func revocations(after number: Int64, limit: Int) async throws(StorageError) -> RevocationPage {
        if let failure = state.withLock({ $0.revocationFailure }) { throw failure }
        let page = try await base.revocations(after: number, limit: limit)
        await take { $0.afterRevocationRead.take() }
        return page
    }

    func denyToken(
        _ id: String, audience: RevocationAudience, expiresAt: Timestamp?, denial: Denial
    ) async throws(StorageError) -> Bool {
        try await base.denyToken(id, audience: audience, expiresAt: expiresAt, denial: denial)
    }

    func noteAccessLifetime(_ lifetime: Duration, at now: Timestamp, mayLower: Bool) async throws(StorageError) {
        try await base.noteAccessLifetime(lifetime, at: now, mayLower: mayLower)
    }

    // MARK: Events

    func append(_ records: [EventRecord], sealedWith key: EventKey) async throws(StorageError) {
        try await base.append(records, sealedWith: key)
        let failure = state.withLock { state in
            state.appended.append(records.count)
            return state.appendFailure
        }
        if let failure { throw failure }
    }

    func events(_ query: EventQuery) async throws(StorageError) -> [StoredEvent] { try await base.events(query) }

    func eventChain() async throws(StorageError) -> EventChain { try await base.eventChain() }

    func eventCounts(of kinds: [EventKind], since time: Timestamp) async throws(StorageError) -> [EventCount] {
        try await base.eventCounts(of: kinds, since: time)
    }

    func removeEvents(
        before time: Timestamp, keeping count: Int, limit: Int, sealedWith key: EventKey,
        record: @escaping @Sendable (Int) -> EventRecord
    ) async throws(StorageError) -> Int {
        try await base.removeEvents(before: time, keeping: count, limit: limit, sealedWith: key, record: record)
    }

    // MARK: Statuses

    func statusIndex(of id: SessionID) async throws(StorageError) -> Int64? { try await base.statusIndex(of: id) }

    func statuses(in range: Range<Int64>) async throws(StorageError) -> SessionStatuses {
        try await base.statuses(in: range)
    }
}
