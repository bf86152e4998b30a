public import MartletJOSE
import MartletProtocol

/// What an authority goes by.
public struct AuthoritySettings: Sendable {
    /// The issuer identifier (RFC 8414 §2): the `iss` of every access token, and the audience of those for `/v1`.
    public var issuer: String
    /// The policy of clients that name no profile.
    public var policy: SessionPolicy
    /// Who may make an account.
    public var signUp: SignUpRule
    public var passwordRules: PasswordRules
    public var passwordParameters: PasswordParameters
    /// How many passwords are hashed at a time.
    public var passwordThreads: Int
    /// How many more may wait.
    public var passwordQueue: Int
    public var keys: KeySettings
    /// When an advance is on disk.
    public var durability: Durability
    /// How long the story of an ended session is kept.
    public var keepEnded: Duration
    /// Whether access tokens of sessions say where their status is found, and the lists are served.
    public var statusLists: Bool
    /// How often what is attacked may be tried.
    public var rateLimits: RateLimitSettings
    /// What of what happens is recorded, and for how long.
    public var events: EventSettings
    /// The origins of the first-party client's pages, beside the issuer's.
    public var allowedOrigins: [WebOrigin]
    /// How long notices are tried and kept.
    public var notices: NoticeSettings
    /// Further claims of a user's access tokens, beside those of the client, and in their place where a name is the same.
    /// Each sign-in and each renewal asks for them, so it has to be quick. More than 16, more than 1 KiB as JSON, or one
    /// that is registered, and the request fails with `internalError`.
    public var customClaims: (@Sendable (User, ClientRegistration) -> JSONObject)?

    public init(
        issuer: String, policy: SessionPolicy = .standard, signUp: SignUpRule = .closed,
        passwordRules: PasswordRules = .init(), passwordParameters: PasswordParameters = .init(),
        passwordThreads: Int = 2, passwordQueue: Int = 64, keys: KeySettings = .init(),
        durability: Durability = .relaxed, keepEnded: Duration = .seconds(90 * 86_400),
        statusLists: Bool = false, rateLimits: RateLimitSettings = .init(), events: EventSettings = .init(),
        allowedOrigins: [WebOrigin] = [], notices: NoticeSettings = .init(),
        customClaims: (@Sendable (User, ClientRegistration) -> JSONObject)? = nil
    ) {
        self.issuer = issuer
        self.policy = policy
        self.signUp = signUp
        self.passwordRules = passwordRules
        self.passwordParameters = passwordParameters
        self.passwordThreads = passwordThreads
        self.passwordQueue = passwordQueue
        self.keys = keys
        self.durability = durability
        self.keepEnded = keepEnded
        self.statusLists = statusLists
        self.rateLimits = rateLimits
        self.events = events
        self.allowedOrigins = allowedOrigins
        self.notices = notices
        self.customClaims = customClaims
    }

    /// What is wrong with the values together; nil where nothing is.
    public var fault: String? {
        if policy.rotation.mode == .none {
            return "Rotation can be left out for a confidential client only, not for all clients."
        }
        if !(1...Password.longest).contains(passwordRules.minimumLength) {
            return "The minimum length of passwords has to be 1 to \(Password.longest) bytes; 8 is recommended."
        }
        if passwordThreads < 1 { return "At least 1 thread has to hash passwords." }
        if passwordQueue < 0 { return "The queue of password hashes has to be at least 0 long." }
        if events.keepFor <= .zero || events.keepCount < 1 {
            return "Records of events have to be kept for more than 0s, and at least 1 of them."
        }
        if keepEnded < .zero { return "Ended sessions have to be kept for at least 0s." }
        return policy.fault ?? passwordParameters.fault ?? keys.fault ?? rateLimits.fault ?? notices.fault
    }

    /// The longest life of an access token, but for clients that ask for one of their own.
    var longestAccessLifetime: Duration {
        SessionPolicy.profiles.values.reduce(policy.accessLifetime) { max($0, $1.accessLifetime) }
    }

    /// The policy of a client: its profile's or the server's own, with its overrides.
    public func policy(of client: ClientRegistration) -> SessionPolicy {
        (client.profile.flatMap { SessionPolicy.profiles[$0] } ?? policy).applying(client.overrides)
    }
}
