import MartletProtocol

/// One reader of the revocation feed: when it signs in, where it goes on, which events it takes, and when it tries again.
///
/// It reads no clock and does no I/O: each input says what happened and when, each action what to do next. Times are
/// those of ``VerifierClock/elapsed``. Nothing that is odd counts as word from the authority: it leads to a new
/// connection, and until that has told everything the verifier grows stale.
struct RevocationFeedMachine: Sendable {
    enum Input: Sendable, Hashable {
        case started
        /// The pause is over.
        case woke
        /// There is an access token, and for how long it is good, where the authority says.
        case signedIn(lifetime: Duration?)
        /// The authority took the subscription, and events may come.
        case opened
        case received(RevocationEvent)
        /// What ``Action/apply(_:)`` asked for is done.
        case applied
        case failed(Failure)
    }

    enum Action: Sendable, Hashable {
        case signIn
        /// Open the stream; `after` is the `Last-Event-ID`.
        case subscribe(after: RevocationCursor?)
        /// Wait for the next event.
        case read
        /// Make these revocations count.
        case apply(RevocationUpdate)
        /// Close the stream, and come back with ``Input/failed(_:)``.
        case giveUp(Failure)
        case pause(until: Duration)
    }

    enum Failure: Error, Sendable, Hashable {
        /// There is no access token to be had, or nobody answers.
        case unavailable(String, retryAfter: Duration? = nil)
        /// The stream refuses the access token: 401.
        case unauthorized
        /// The stream refuses the cursor: 400.
        case cursorRefused
        /// The connection ended.
        case lost(String)
        /// The connection stands, and nothing comes.
        case silent
        /// The authority says what it must not.
        case violation(String)
        /// What was heard before is not whole any more: the wall clock was set back.
        case incomplete
    }

    private enum Phase: Sendable, Equatable {
        case idle
        case signingIn
        case opening
        /// Open, without a whole first event.
        case joining
        case applying(RevocationCursor, heardAt: Duration)
        case live
    }

    static let firstPause = Duration.milliseconds(500)
    static let longestPause = Duration.seconds(15)
    /// An access token that ends within this is not used any more.
    static let tokenMargin = Duration.seconds(5)

    private let bound: Duration
    private var phase = Phase.idle
    /// How far the reader has come. It never goes back within an epoch.
    private(set) var cursor: RevocationCursor?
    /// Whether to ask the authority to go on from the cursor.
    private var resumes = true
    private var tokenEndsAt: Duration?
    /// The access token has not been accepted by the stream yet.
    private var isTokenNew = false
    private var openedAt: Duration = .zero
    private var heardAt: Duration = .zero
    private var failures = 0

    init(bound: Duration) {
        self.bound = bound
    }

    /// How long the stream may be silent before another is opened: early enough to hear again within the bound.
    var patience: Duration { bound / 2 }

    /// When the stream counts as dead if nothing more comes.
    var silentAt: Duration { heardAt + patience }

    /// - Parameter random: at least 0 and less than 1, a new one each time. It keeps many readers from coming back at the
    ///   same moment.
    mutating func handle(_ input: Input, at now: Duration, random: Double) -> Action {
        switch (phase, input) {
        case (.idle, .started), (.idle, .woke):
            return next(at: now)
        case (.signingIn, .signedIn(let lifetime)):
            tokenEndsAt = lifetime.map { now + $0 } ?? .seconds(Int64.max / 4)
            isTokenNew = true
            return subscribe(at: now)
        case (.opening, .opened):
            phase = .joining
            isTokenNew = false
            openedAt = now
            heardAt = now
            return .read
        case (.joining, .received(let event)), (.live, .received(let event)):
            if let fault = fault(in: event, at: now) { return .giveUp(fault) }
            phase = .applying(event.update.cursor, heardAt: now)
            return .apply(event.update)
        case (.applying(let cursor, let heardAt), .applied):
            phase = .live
            self.cursor = cursor
            self.heardAt = heardAt
            resumes = true
            // A stream that lives is what ends the trouble, not one that opens.
            if heardAt - openedAt >= patience { failures = 0 }
            return .read
        case (_, .failed(let failure)):
            return failed(failure, at: now, random: random)
        default:
            preconditionFailure("the revocation feed got \(input) while \(phase)")
        }
    }

    /// Nobody follows any more; the next start goes on from here.
    mutating func stop() {
        phase = .idle
        tokenEndsAt = nil
    }

    private mutating func next(at now: Duration) -> Action {
        if let tokenEndsAt, tokenEndsAt - Self.tokenMargin > now { return subscribe(at: now) }
        phase = .signingIn
        return .signIn
    }

    private mutating func subscribe(at now: Duration) -> Action {
        phase = .opening
        heardAt = now
        return .subscribe(after: resumes ? cursor : nil)
    }

    /// Why an event is not taken; nil where it is.
    private func fault(in event: RevocationEvent, at now: Duration) -> Failure? {
        // What lay around while this process stood still says how things were then. A new stream says how they are.
        guard now - heardAt <= bound else { return .silent }
        let new = event.update.cursor
        if let cursor, cursor.epoch == new.epoch, new.number < cursor.number {
            return .violation("the feed went back from \(cursor) to \(new)")
        }
        guard event.name != .snapshot else { return nil }
        guard phase == .live || event.name == .changes && resumes && cursor != nil else {
            return .violation("the first event must be a snapshot, or changes where a cursor was sent")
        }
        guard cursor?.epoch == new.epoch else {
            return .violation("the epoch changed to that of \(new) without a snapshot")
        }
        return nil
    }

    private mutating func failed(_ failure: Failure, at now: Duration, random: Double) -> Action {
        phase = .idle
        var retryAfter: Duration?
        switch failure {
        case .unauthorized:
            tokenEndsAt = nil
            // It may have expired or been revoked: another one. If that is refused as well, there is no hurry.
            if !isTokenNew { return next(at: now) }
        case .cursorRefused, .incomplete:
            resumes = false
        case .unavailable(_, let pause):
            retryAfter = pause
        case .lost, .silent, .violation:
            break
        }
        let step = min(Self.firstPause * (1 << min(failures, 10)), Self.longestPause)
        failures += 1
        return .pause(until: now + max(step * (0.5 + 0.5 * random), min(retryAfter ?? .zero, .seconds(300))))
    }
}

extension RevocationFeedMachine.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unavailable(let detail, _): detail
        case .unauthorized: "the stream refused the access token"
        case .cursorRefused: "the stream refused the cursor"
        case .lost(let detail): detail
        case .silent: "nothing came for too long"
        case .violation(let detail): detail
        case .incomplete: "the clock was set back, so that all revocations are asked for anew"
        }
    }
}
