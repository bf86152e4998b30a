import MartletCore
import MartletProtocol
import Synchronization
import Testing

@testable import MartletTestKit

/// The conformance suite has to be able to fail: each of these mistakes is one that a real storage could make.
struct StorageConformanceDefectTests {
    @Test(arguments: Defect.allCases)
    func aDefectIsFound(_ defect: Defect) async throws {
        let finding = try #require(StorageConformance.cases.first { $0.name == defect.findingCase })
        await #expect(throws: (any Error).self) { try await finding.run(on: DefectiveStorage(defect)) }
    }
}

enum Defect: CaseIterable {
    case decidesOutsideItsTransaction
    case keepsTheLastOfTwoAdvances
    case writesOnRepeat
    case signsInWithoutLooking
    case endsWhatHasEnded
    case sweepsAtOneIdleLimit
    case listsTheOldestFirst
    case makesEveryKey
    case neverCounts
    case deniesAfterwards
    case deniesNoReplay
    case forgetsLongerLives
    case signsInWhoIsDenied
    case numbersAgain
    case takesEveryOneForLive
    case forgetsTheIndex
    case givesAnIndexAgain
    case overwritesTheFirstEvent
    case listsEventsOfOthers
    case leavesNoAnchor
    case bindsACookieToTheDead
    case looksAndThenTakesALink
    case looksAndThenTakesAnInvitation
    case leavesARowOut
    case spreadsInTwoSteps
    case claimsWithoutLooking
    case takesOthersLeases
    case believesAClockThatWasAhead
    case renewsWhatIsOver
    case forgetsWhatWasNotSpread
    case sendsDeadLettersToTheDisabled

    /// One of the cases that have to find it.
    var findingCase: String {
        switch self {
        case .decidesOutsideItsTransaction: "a decision whose condition does not hold is taken again on the new row"
        case .keepsTheLastOfTwoAdvances: "of 100 presentations of one token one advances and 99 repeat"
        case .writesOnRepeat: "repeat, late, mismatch, expired and unknown write nothing"
        case .signsInWithoutLooking: "a sign-in that races with disabling the user leaves no session"
        case .endsWhatHasEnded: "ending a session ends that one, once"
        case .sweepsAtOneIdleLimit: "a sweep ends what was idle for two idle limits and the grace"
        case .listsTheOldestFirst: "sessions are listed by their ids, the newest first"
        case .makesEveryKey: "of two first keys one is made"
        case .neverCounts: "the change counter changes with users, clients and keys, whoever writes them"
        case .deniesAfterwards: "whoever sees an end finds its entry"
        case .deniesNoReplay: "every end denies the session's access tokens"
        case .forgetsLongerLives: "an entry stays for the longest life of an access token in force"
        case .signsInWhoIsDenied: "a session that an entry with a time covers is not made"
        case .numbersAgain: "a sweep forgets entries that have left, and no number is given twice"
        case .takesEveryOneForLive: "a session is live until it ends, whoever ends it"
        case .forgetsTheIndex: "a presentation tells the index"
        case .givesAnIndexAgain: "no index is given twice, also after its session was forgotten"
        case .overwritesTheFirstEvent: "events are appended in order by all who write, each sealed over the one before"
        case .listsEventsOfOthers: "events are found by user, session, kind and time, in both directions"
        case .leavesNoAnchor: "the oldest events are removed by age and by number, and leave their anchor"
        case .bindsACookieToTheDead: "no page cookie is bound to a session that has ended or is not there"
        case .looksAndThenTakesALink: "many who follow a link at once make one administrator"
        case .looksAndThenTakesAnInvitation: "many who follow an invitation at once make one user"
        case .leavesARowOut: "live and ended sessions are listed a page at a time, each once"
        case .spreadsInTwoSteps: "each destination gets the events that it wants, from when it subscribed, each once"
        case .claimsWithoutLooking: "one destination has one message under way, whoever asks"
        case .takesOthersLeases: "one destination has one message under way, whoever asks"
        case .believesAClockThatWasAhead: "a clock that was ahead for a moment holds nothing back"
        case .renewsWhatIsOver: "a claim is renewed as long as it lasts"
        case .forgetsWhatWasNotSpread: "events that were not spread yet are not removed"
        case .sendsDeadLettersToTheDisabled:
            "a disabled webhook gets nothing, and what was on its way is kept as dead"
        }
    }
}

/// The moment between two steps that should have been one.
private final class Gap: Sendable {
    private let arrivals = Mutex(0)

    /// Goes on when somebody else is there, too, however slow the machine is, or when nobody comes.
    func pass() async {
        let own = arrivals.withLock { count in
            count += 1
            return count
        }
        let end = ContinuousClock.now + .seconds(1)
        while arrivals.withLock({ $0 }) == own, ContinuousClock.now < end { await Task.yield() }
    }
}

/// Storage in memory with one mistake.
private struct DefectiveStorage: Storage, PassesPagesOn {
    let base = InMemoryStorage()
    let defect: Defect
    private let gap = Gap()

    init(_ defect: Defect) {
        self.defect = defect
    }

    func insert(_ session: Session, userVersion: Int64) async throws(StorageError) -> Bool {
        if defect == .signsInWhoIsDenied {
            try base.access { $0.sessions[session.id] = session }
            return true
        }
        if defect == .givesAnIndexAgain {
            try base.access { $0.nextStatusIndex = Int64($0.sessions.count) }
        }
        guard defect == .signsInWithoutLooking else {
            return try await base.insert(session, userVersion: userVersion)
        }
        // Looks, and then writes, in two steps.
        let user = try await base.user(session.userID)
        await Task.yield()
        guard let user, !user.isDisabled, user.securityVersion == userVersion else { return false }
        try base.access { $0.sessions[session.id] = session }
        return true
    }

    func present(
        _ id: SessionID, from presenter: Presenter, at now: Timestamp, durability: Durability, denial: Denial,
        decide: @escaping @Sendable (Session?) -> RotationDecision
    ) async throws(StorageError) -> Presented {
        switch defect {
        case .decidesOutsideItsTransaction:
            let decision = decide(try await base.session(id))
            return try await base.present(id, from: presenter, at: now, durability: durability, denial: denial) { _ in
                decision
            }
        case .keepsTheLastOfTwoAdvances:
            let session = try await base.session(id)
            let decision = decide(session)
            await Task.yield()
            try base.access { state in
                if case .change(let change) = decision.effect {
                    state.sessions[id]?.head = change.head
                    state.sessions[id]?.headGeneration = change.generation
                }
            }
            return Presented(decision: decision, session: session, user: nil, statusIndex: nil)
        case .writesOnRepeat:
            let result = try await base.present(
                id, from: presenter, at: now, durability: durability, denial: denial, decide: decide)
            if case .repeat = result.decision { try base.access { $0.sessions[id]?.lastSeenAt = now } }
            return result
        case .forgetsTheIndex:
            let result = try await base.present(
                id, from: presenter, at: now, durability: durability, denial: denial, decide: decide)
            return Presented(
                decision: result.decision, session: result.session, user: result.user, statusIndex: nil)
        case .deniesNoReplay:
            let before = try base.access { $0.revocations }
            let result = try await base.present(
                id, from: presenter, at: now, durability: durability, denial: denial, decide: decide)
            try base.access { $0.revocations = before }
            return result
        default:
            return try await base.present(
                id, from: presenter, at: now, durability: durability, denial: denial, decide: decide)
        }
    }

    func end(
        _ selection: SessionSelection, _ end: SessionEnd, denial: Denial
    ) async throws(StorageError) -> [SessionID] {
        if defect == .endsWhatHasEnded, case .session(let id) = selection {
            try base.access { $0.sessions[id]?.end = nil }
        }
        if defect == .deniesAfterwards, case .session(let id) = selection {
            try base.access { $0.sessions[id]?.end = end }
            for _ in 0..<100 { await Task.yield() }
            try base.access { $0.sessions[id]?.end = nil }
        }
        return try await base.end(selection, end, denial: denial)
    }

    func sweep(
        at now: Timestamp, grace: Duration, forgetting: Timestamp, limit: Int, denial: Denial
    ) async throws(StorageError) -> Int {
        if defect == .sweepsAtOneIdleLimit {
            try base.access { state in
                for session in state.sessions.values
                where session.end == nil && session.lastSeenAt + session.idleLimit + grace < now {
                    state.sessions[session.id]?.end = SessionEnd(at: now, reason: .expiredIdle)
                }
            }
        }
        if defect == .numbersAgain {
            try base.access { $0.newestRevocation = RevocationCursor(epoch: $0.newestRevocation.epoch, number: 0) }
        }
        return try await base.sweep(at: now, grace: grace, forgetting: forgetting, limit: limit, denial: denial)
    }

    func sessions(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int
    ) async throws(StorageError) -> [Session] {
        let sessions = try await base.sessions(of: user, includingEnded: includingEnded, before: before, limit: limit)
        return defect == .listsTheOldestFirst ? sessions.reversed() : sessions
    }

    func insert(_ key: KeyRecord, expectedCount: Int) async throws(StorageError) -> Bool {
        if defect == .makesEveryKey {
            try base.access { $0.keys.append(key) }
            return true
        }
        return try await base.insert(key, expectedCount: expectedCount)
    }

    func changes() async throws(StorageError) -> StorageChanges {
        var changes = try await base.changes()
        if defect == .neverCounts { changes.counter = 0 }
        return changes
    }

    func statuses(in range: Range<Int64>) async throws(StorageError) -> SessionStatuses {
        var statuses = try await base.statuses(in: range)
        if defect == .takesEveryOneForLive {
            statuses.live = try base.access { $0.statusIndices.values.filter(range.contains) }
        }
        return statuses
    }

    func append(_ records: [EventRecord], sealedWith key: EventKey) async throws(StorageError) {
        guard defect == .overwritesTheFirstEvent else { return try await base.append(records, sealedWith: key) }
        // Reads where they end, and then writes, in two steps.
        var chain = try await base.eventChain()
        await Task.yield()
        let sealed = chain.append(records, sealedWith: key)
        try base.access { [chain] in
            $0.events += sealed
            $0.eventChain = chain
        }
    }

    func events(_ query: EventQuery) async throws(StorageError) -> [StoredEvent] {
        var query = query
        if defect == .listsEventsOfOthers { query.user = nil }
        return try await base.events(query)
    }

    func removeEvents(
        before time: Timestamp, keeping count: Int, limit: Int, sealedWith key: EventKey,
        record: @escaping @Sendable (Int) -> EventRecord
    ) async throws(StorageError) -> Int {
        if defect == .forgetsWhatWasNotSpread {
            try base.access { state in
                let newest = state.eventChain.newest.number
                for one in state.destinations.keys { state.destinations[one]?.subscription.cursor = newest }
            }
        }
        let anchor = try await base.eventChain().anchor
        let removed = try await base.removeEvents(
            before: time, keeping: count, limit: limit, sealedWith: key, record: record)
        if defect == .leavesNoAnchor { try base.access { $0.eventChain.anchor = anchor } }
        return removed
    }

    func bindPageCookie(_ hash: [UInt8], to session: SessionID) async throws(StorageError) -> Bool {
        guard defect == .bindsACookieToTheDead else { return try await base.bindPageCookie(hash, to: session) }
        try base.access { $0.pageCookies[hash] = session }
        return true
    }

    func insertAdministrator(
        _ user: User, link hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        guard defect == .looksAndThenTakesALink else {
            return try await base.insertAdministrator(user, link: hash, at: now)
        }
        guard try await base.isAdministratorLink(hash, at: now) else { return false }
        await gap.pass()
        try await base.insert(user)
        try base.access { $0.administratorLinks = [:] }
        return true
    }

    func insert(_ user: User, invitedBy hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool {
        guard defect == .looksAndThenTakesAnInvitation else {
            return try await base.insert(user, invitedBy: hash, at: now)
        }
        guard try await base.invitation(hash, at: now) != nil else { return false }
        await gap.pass()
        try await base.insert(user)
        try base.access { $0.invitations[hash] = nil }
        return true
    }

    func endedSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        guard defect == .leavesARowOut, let before, let last = try await base.session(before) else {
            return try await base.endedSessions(before: before, limit: limit)
        }
        // By the time alone: of two that ended together, one is left out.
        return Array(
            try await base.endedSessions(before: nil, limit: 1_000)
                .filter { ($0.end?.at ?? $0.createdAt) < (last.end?.at ?? last.createdAt) }.prefix(limit))
    }

    func spread(limit: Int, at now: Timestamp) async throws(StorageError) -> Int {
        guard defect == .spreadsInTwoSteps else { return try await base.spread(limit: limit, at: now) }
        // The cursor is written after the messages, in a second step.
        let cursors = try base.access { $0.destinations.mapValues(\.subscription.cursor) }
        let count = try await base.spread(limit: limit, at: now)
        let moved = try base.access { $0.destinations.mapValues(\.subscription.cursor) }
        try base.access { state in
            for (one, cursor) in cursors { state.destinations[one]?.subscription.cursor = cursor }
        }
        await gap.pass()
        try base.access { state in
            for (one, cursor) in moved { state.destinations[one]?.subscription.cursor = cursor }
        }
        return count
    }

    func claim(
        _ destination: NoticeDestination, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> ClaimedMessage? {
        if defect == .claimsWithoutLooking { try await base.releaseClaims() }
        if defect == .believesAClockThatWasAhead {
            let next = try base.access { $0.nextMessage(destination, at: now)?.nextAttemptAt }
            if let next, next > now { return nil }
        }
        return try await base.claim(destination, at: now, until: lease)
    }

    func renewClaim(
        _ claim: OutboxClaim, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> Bool {
        let isRenewed = try await base.renewClaim(claim, at: now, until: lease)
        return isRenewed || defect == .renewsWhatIsOver
    }

    func settle(
        _ claim: OutboxClaim, _ outcome: DeliveryOutcome, at now: Timestamp
    ) async throws(StorageError) {
        try await base.settle(claim, outcome, at: now)
        if defect == .takesOthersLeases { try await base.releaseClaims() }
    }

    func reviveDead(_ selection: DeadSelection, at now: Timestamp) async throws(StorageError) -> Int {
        if defect == .sendsDeadLettersToTheDisabled {
            try base.access { state in
                for message in state.outbox { state.subscribe(message.destination, to: []) }
            }
        }
        return try await base.reviveDead(selection, at: now)
    }

    // The rest is right.

    func eventChain() async throws(StorageError) -> EventChain { try await base.eventChain() }

    func eventCounts(of kinds: [EventKind], since time: Timestamp) async throws(StorageError) -> [EventCount] {
        try await base.eventCounts(of: kinds, since: time)
    }

    func statusIndex(of id: SessionID) async throws(StorageError) -> Int64? {
        try await base.statusIndex(of: id)
    }

    func insert(_ user: User) async throws(StorageError) {
        try await base.insert(user)
    }

    func user(_ id: UserID) async throws(StorageError) -> User? {
        try await base.user(id)
    }

    func user(named key: UsernameKey) async throws(StorageError) -> User? {
        try await base.user(named: key)
    }

    func users(after: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try await base.users(after: after, limit: limit)
    }

    func upgradePasswordHash(
        of id: UserID, from old: PasswordHash, to new: PasswordHash
    ) async throws(StorageError) {
        try await base.upgradePasswordHash(of: id, from: old, to: new)
    }

    func setPassword(
        of id: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID?, isRecovery: Bool,
        at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await base.setPassword(
            of: id, to: hash, expectedVersion: expectedVersion, keeping: kept, isRecovery: isRecovery, at: now,
            denial: denial)
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

    func session(_ id: SessionID) async throws(StorageError) -> Session? {
        try await base.session(id)
    }

    func insert(_ client: ClientRegistration) async throws(StorageError) {
        try await base.insert(client)
    }

    func client(_ id: String) async throws(StorageError) -> ClientRegistration? {
        try await base.client(id)
    }

    func clients() async throws(StorageError) -> [ClientRegistration] {
        try await base.clients()
    }

    func removeClient(_ id: String, at now: Timestamp, denial: Denial) async throws(StorageError) -> [SessionID]? {
        try await base.removeClient(id, at: now, denial: denial)
    }

    func keys() async throws(StorageError) -> [KeyRecord] {
        try await base.keys()
    }

    func removeKey(kind: KeyRecord.Kind, id: String) async throws(StorageError) {
        try await base.removeKey(kind: kind, id: id)
    }

    func revocations(after number: Int64, limit: Int) async throws(StorageError) -> RevocationPage {
        try await base.revocations(after: number, limit: limit)
    }

    func denyToken(
        _ id: String, audience: RevocationAudience, expiresAt: Timestamp?, denial: Denial
    ) async throws(StorageError) -> Bool {
        try await base.denyToken(id, audience: audience, expiresAt: expiresAt, denial: denial)
    }

    func noteAccessLifetime(_ lifetime: Duration, at now: Timestamp, mayLower: Bool) async throws(StorageError) {
        if defect == .forgetsLongerLives { return }
        try await base.noteAccessLifetime(lifetime, at: now, mayLower: mayLower)
    }
}
