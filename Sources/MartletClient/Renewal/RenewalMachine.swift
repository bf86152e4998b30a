import MartletProtocol

/// One renewal, from the first attempt to its outcome: the client's half of the rotation rule (`docs/`, rotation.md).
///
/// It reads no clock and does no I/O: each input says what happened and when, and each action says what to do next.
/// Every path on which the session is cleared goes through ``RenewalAnswer/ended(_:)``.
struct RenewalMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    struct Settings: Sendable {
        var server: String
        var client: String
        var patience: Duration
        var attemptTimeout: Duration
    }

    enum Input: Sendable {
        case started
        /// What the store holds, read with the lease; `isNeeded` is false where a new access token came meanwhile.
        case loaded(SavedSession?, isNeeded: Bool)
        case answered(RenewalAnswer)
        /// Whether the store met the condition.
        case replaced(Bool)
        case storeFailed(MartletClientError)
        /// The pause is over.
        case woke
    }

    enum Action: Sendable, Hashable {
        /// Take the lease, read the store, and go on with it until the next pause, attempt or finish.
        case attempt
        /// Send this token, unless the deadline has passed by then.
        case present(SavedSession, before: Instant)
        case replace(if: StoreCondition, with: SavedSession?)
        case pause(Duration)
        case finish(Outcome)
    }

    enum Outcome: Sendable, Hashable {
        /// The grant is stored.
        case renewed(Grant, receivedAt: Instant)
        /// There is a new access token already.
        case unneeded
        /// The store is empty.
        case empty
        /// The session is over and the store is cleared.
        case ended(EndReason?)
        /// The session is kept.
        case failed(MartletClientError)
    }

    private enum Phase: Sendable {
        case idle
        case loading
        case presenting(SavedSession, before: Instant)
        case storing(Grant, receivedAt: Instant)
        case clearing(EndReason?)
        case finished
    }

    private let settings: Settings
    private let startedAt: Instant
    private(set) var backoff: Backoff
    private var phase = Phase.idle
    /// The token that the server says to reload for, and how long to wait where the store still holds it.
    private var superseded: (token: String, pause: Duration)?

    /// - Parameter backoff: what earlier renewals left; take it over again when this one has finished.
    init(settings: Settings, backoff: Backoff, at now: Instant) {
        self.settings = settings
        self.backoff = backoff
        startedAt = now
    }

    /// - Parameter random: from 0 to 1, a new one each time.
    mutating func handle(_ input: Input, at now: Instant, random: Double) -> Action {
        switch (phase, input) {
        case (.idle, .started):
            guard let hold = backoff.hold, hold.until > now else { return attempt() }
            let rest = hold.until - now
            return rest <= settings.patience ? .pause(rest) : finish(.failed(hold.error.asking(toWait: rest)))
        case (.idle, .woke):
            return attempt()
        case (.loading, .loaded(let session, let isNeeded)):
            return loaded(session, isNeeded: isNeeded, at: now, random: random)
        case (.presenting(let session, let deadline), .answered(let answer)):
            return answered(answer, to: session, before: deadline, at: now, random: random)
        case (.storing(let grant, let receivedAt), .replaced(true)):
            backoff = Backoff()
            return finish(.renewed(grant, receivedAt: receivedAt))
        case (.clearing(let reason), .replaced(true)):
            backoff = Backoff()
            return finish(.ended(reason))
        case (.storing, .replaced(false)), (.clearing, .replaced(false)):
            // Somebody signed in or out, or renewed, while the answer was on its way. Theirs counts.
            return attempt()
        case (.loading, .storeFailed(let error)), (.storing, .storeFailed(let error)),
            (.clearing, .storeFailed(let error)):
            _ = backoff.failed(error, retryAfter: nil, at: now, random: random)
            return finish(.failed(error))
        default:
            preconditionFailure("a renewal got \(input) while \(phase)")
        }
    }

    private mutating func attempt() -> Action {
        phase = .loading
        return .attempt
    }

    private mutating func finish(_ outcome: Outcome) -> Action {
        phase = .finished
        return .finish(outcome)
    }

    private mutating func loaded(
        _ session: SavedSession?, isNeeded: Bool, at now: Instant, random: Double
    ) -> Action {
        guard let session else { return finish(.empty) }
        guard isNeeded else { return finish(.unneeded) }
        guard session.server == settings.server, session.client == settings.client else {
            return finish(.failed(.storeOfAnotherServer(session, settings)))
        }
        if let superseded {
            self.superseded = nil
            if superseded.token == session.refreshToken {
                let error = MartletClientError(
                    .unavailable, "A newer refresh token was issued, but it is not in the store. Trying again.")
                return retry(error, after: superseded.pause, at: now, random: random)
            }
        }
        let deadline = now + settings.attemptTimeout
        phase = .presenting(session, before: deadline)
        return .present(session, before: deadline)
    }

    private mutating func answered(
        _ answer: RenewalAnswer, to presented: SavedSession, before deadline: Instant, at now: Instant, random: Double
    ) -> Action {
        let unchanged = StoreCondition.holdsToken(presented.refreshToken)
        switch answer {
        case .granted(let grant):
            guard let refreshToken = grant.refreshToken, grant.session.id == presented.user.session else {
                let error = MartletClientError.unexpectedAnswer("The answer to the renewal is of another session.")
                return retry(error, after: nil, at: now, random: random)
            }
            // Where the process was suspended with the answer at hand, that came before.
            phase = .storing(grant, receivedAt: min(now, deadline))
            var session = presented
            session.refreshToken = refreshToken.refreshToken
            session.user = SignedInUser(grant)
            return .replace(if: unchanged, with: session)
        case .reload(let after):
            superseded = (presented.refreshToken, after ?? .seconds(1))
            return attempt()
        case .retry(let error, let after):
            return retry(error, after: after, at: now, random: random)
        case .ended(let reason):
            phase = .clearing(reason)
            return .replace(if: unchanged, with: nil)
        case .refused(let error):
            _ = backoff.failed(error, retryAfter: nil, at: now, random: random)
            return finish(.failed(error))
        }
    }

    private mutating func retry(
        _ error: MartletClientError, after: Duration?, at now: Instant, random: Double
    ) -> Action {
        let pause = backoff.failed(error, retryAfter: after, at: now, random: random)
        guard now + pause <= startedAt + settings.patience else {
            return finish(.failed(error.asking(toWait: pause)))
        }
        phase = .idle
        return .pause(pause)
    }
}

extension MartletClientError {
    fileprivate static func storeOfAnotherServer(
        _ session: SavedSession, _ settings: RenewalMachine.Settings
    ) -> MartletClientError {
        MartletClientError(
            .storeOfAnotherServer,
            "The token store holds a session of \(session.client) at \(session.server), and this is "
                + "\(settings.client) at \(settings.server). Use a store of its own, or sign in to replace it.")
    }
}
