import MartletCore
import MartletProtocol
import MartletTestKit

/// Storage of a test that passes on what pages and notices ask of it.
protocol PassesPagesOn: PageStorage, InvitationStorage, ListingStorage, OutboxStorage, WebhookStorage {
    var base: InMemoryStorage { get }
}

extension PassesPagesOn {
    func bindPageCookie(_ hash: [UInt8], to session: SessionID) async throws(StorageError) -> Bool {
        try await base.bindPageCookie(hash, to: session)
    }

    func pageSession(cookie hash: [UInt8]) async throws(StorageError) -> PageSession? {
        try await base.pageSession(cookie: hash)
    }

    func see(
        _ session: SessionID, from presenter: Presenter, at now: Timestamp, unlessSeenAfter unless: Timestamp
    ) async throws(StorageError) {
        try await base.see(session, from: presenter, at: now, unlessSeenAfter: unless)
    }

    func insertAdministratorLink(
        _ hash: [UInt8], expiresAt: Timestamp, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await base.insertAdministratorLink(hash, expiresAt: expiresAt, at: now)
    }

    func isAdministratorLink(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool {
        try await base.isAdministratorLink(hash, at: now)
    }

    func insertAdministrator(
        _ user: User, link hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await base.insertAdministrator(user, link: hash, at: now)
    }

    func insert(_ invitation: Invitation, at now: Timestamp) async throws(StorageError) {
        try await base.insert(invitation, at: now)
    }

    func invitation(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Invitation? {
        try await base.invitation(hash, at: now)
    }

    func insert(_ user: User, invitedBy hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool {
        try await base.insert(user, invitedBy: hash, at: now)
    }

    func users(
        namedFrom prefix: UsernameKey, after: UsernameKey?, limit: Int
    ) async throws(StorageError) -> [User] {
        try await base.users(namedFrom: prefix, after: after, limit: limit)
    }

    func usernames(of users: Set<UserID>) async throws(StorageError) -> [UserID: String] {
        try await base.usernames(of: users)
    }

    func users(before: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try await base.users(before: before, limit: limit)
    }

    func liveSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try await base.liveSessions(before: before, limit: limit)
    }

    func endedSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try await base.endedSessions(before: before, limit: limit)
    }

    func figures(between times: [Timestamp]) async throws(StorageError) -> StorageFigures {
        try await base.figures(between: times)
    }

    // MARK: Notices

    func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) async throws(StorageError) {
        try await base.subscribe(destination, to: kinds)
    }

    func unsubscribe(_ destination: NoticeDestination) async throws(StorageError) -> Int {
        try await base.unsubscribe(destination)
    }

    func spread(limit: Int, at now: Timestamp) async throws(StorageError) -> Int {
        try await base.spread(limit: limit, at: now)
    }

    func dueDestinations(at now: Timestamp) async throws(StorageError) -> [NoticeDestination] {
        try await base.dueDestinations(at: now)
    }

    func claim(
        _ destination: NoticeDestination, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> ClaimedMessage? {
        try await base.claim(destination, at: now, until: lease)
    }

    func renewClaim(
        _ claim: OutboxClaim, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> Bool {
        try await base.renewClaim(claim, at: now, until: lease)
    }

    func settle(
        _ claim: OutboxClaim, _ outcome: DeliveryOutcome, at now: Timestamp
    ) async throws(StorageError) {
        try await base.settle(claim, outcome, at: now)
    }

    func releaseClaims() async throws(StorageError) { try await base.releaseClaims() }

    func outboxFigures() async throws(StorageError) -> [OutboxFigures] { try await base.outboxFigures() }

    func deadMessages(
        of destination: NoticeDestination?, after id: OutboxMessageID?, limit: Int
    ) async throws(StorageError) -> [OutboxMessage] {
        try await base.deadMessages(of: destination, after: id, limit: limit)
    }

    func reviveDead(_ selection: DeadSelection, at now: Timestamp) async throws(StorageError) -> Int {
        try await base.reviveDead(selection, at: now)
    }

    func dropDead(_ selection: DeadSelection) async throws(StorageError) -> Int {
        try await base.dropDead(selection)
    }

    func trimOutbox(_ settings: NoticeSettings, at now: Timestamp) async throws(StorageError) -> Int {
        try await base.trimOutbox(settings, at: now)
    }

    func insert(_ webhook: WebhookEndpoint) async throws(StorageError) { try await base.insert(webhook) }

    func webhook(_ id: WebhookID) async throws(StorageError) -> WebhookEndpoint? { try await base.webhook(id) }

    func webhooks() async throws(StorageError) -> [WebhookEndpoint] { try await base.webhooks() }

    func removeWebhook(_ id: WebhookID) async throws(StorageError) -> Bool { try await base.removeWebhook(id) }

    func setWebhookDisabled(
        _ isDisabled: Bool, _ id: WebhookID, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await base.setWebhookDisabled(isDisabled, id, at: now)
    }
}
