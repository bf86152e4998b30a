public import MartletProtocol

/// Something that matters, as it is recorded for good. It holds no secret, and no name that a failed sign-in was tried
/// with: people type their passwords there.
public struct EventRecord: Sendable, Hashable {
    public var kind: EventKind
    public var at: Timestamp
    /// Whom it concerns.
    public var user: UserID?
    public var session: SessionID?
    public var client: String?
    /// Where the request came from; nil for what the authority did by itself, or an operator's command.
    public var presenter: Presenter?
    /// Where the session was seen before: for a replay, the other of the two presenters.
    public var earlierPresenter: Presenter?
    /// The decision on a refresh token, as `RotationDecision.name` has it.
    public var decision: String?
    /// Why sessions ended.
    public var reason: EndReason?
    /// How many: renewals, sessions, or occurrences of the same; nil stands for one.
    public var count: Int?
    /// Who did it, where that is somebody else than `user`: a user's id, or `command` for an operator's command.
    public var actor: String?
    /// What else there is to say, by kind: what an administrator did, a key's name, what was revoked, what did not
    /// match.
    public var detail: String?
    /// What a rule of detection found.
    public var alarm: Alarm?
    /// Which sessions ended, where there are several, and at most ``mostSessionsNamed``.
    public var sessions: [SessionID]

    /// How many sessions a record names.
    public static let mostSessionsNamed = 20

    public init(
        _ kind: EventKind, at: Timestamp, user: UserID? = nil, session: SessionID? = nil, client: String? = nil,
        presenter: Presenter? = nil, earlierPresenter: Presenter? = nil, decision: String? = nil,
        reason: EndReason? = nil, count: Int? = nil, actor: String? = nil, detail: String? = nil, alarm: Alarm? = nil,
        sessions: [SessionID] = []
    ) {
        self.kind = kind
        self.at = at
        self.user = user
        self.session = session
        self.client = client
        self.presenter = presenter
        self.earlierPresenter = earlierPresenter
        self.decision = decision
        self.reason = reason
        self.count = count
        self.actor = actor
        self.detail = detail
        self.alarm = alarm
        self.sessions = sessions
    }

    /// What a rule of detection found.
    public struct Alarm: Sendable, Hashable {
        /// The rule's name.
        public var rule: String
        /// How sure the rule is, from 0 to 100.
        public var score: Int
        /// Why, in one sentence.
        public var words: String
        /// What was done about it; nil where it was only recorded.
        public var answer: String?

        public init(rule: String, score: Int, words: String, answer: String? = nil) {
            self.rule = rule
            self.score = score
            self.words = words
            self.answer = answer
        }
    }
}
