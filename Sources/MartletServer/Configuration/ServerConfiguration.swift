public import Logging
public import MartletCore
import NIOCore

/// Everything that the server can be told.
///
/// The initial values are the defaults. `ConfigurationKey.all` has a row for each value: its name in the file, what
/// it may be, and what it means.
public struct ServerConfiguration: Sendable {
    /// The `iss` of every token, and what the metadata's endpoints start with (RFC 8414 §2); nil for the address that
    /// the server listens on.
    public var issuer: String?
    public var listen = ListenAddress(host: "localhost", port: 8443)
    public var management = Management()
    /// The proxies whose `X-Forwarded-For` and `Forwarded` are believed.
    public var trustedProxies: [AddressRange] = []
    public var tls = TLSFiles()
    public var plainHTTP = false
    /// The path of the data folder, relative to the working directory.
    public var data = "./martlet-data"
    /// Seals the keys in storage; nil where a file in the data folder holds it.
    public var masterKey: MasterKey?
    public var profile = SessionProfile.standard
    /// What differs from the profile.
    public var session = SessionOverrides()
    /// When an advance is on disk; nil for what the rotation mode asks for.
    public var rotationDurability: Durability?
    public var signingKeys = KeySettings()
    public var signUp = SignUpRule.closed
    /// The origins of the first-party client's pages, beside the issuer's.
    public var allowedOrigins: [WebOrigin] = []
    public var passwords = Passwords()
    /// How long a session that is over is kept, so that its reason can be told.
    public var keepEndedSessions: Duration = .seconds(90 * 86_400)
    /// What of what happens is recorded, and for how long.
    public var events = EventSettings()
    public var revocations = RevocationFeedOptions()
    /// Whether access tokens name a status list, and the lists are served.
    public var statusList = false
    public var limits = Limits()
    /// How often what is attacked may be tried.
    public var rateLimits = RateLimitSettings()
    public var detection = DetectionOptions()
    public var webhooks = WebhookOptions()
    /// How long notices are tried and kept, whichever way they go.
    public var notices = NoticeSettings()
    public var mail = MailOptions()
    public var log = Log()
    public var insecure = Insecure()

    public init() {}
}

extension ServerConfiguration {
    /// What is for who runs the server, on a listener of its own.
    public struct Management: Sendable, Hashable {
        /// Where `/metrics` is served, on plain HTTP; nil for nowhere.
        public var listen: ListenAddress? = ListenAddress(host: "127.0.0.1", port: 9464)
    }

    /// Paths of PEM files. Either both are there or neither; the local CA stands in for neither.
    public struct TLSFiles: Sendable, Hashable {
        public var certificate: String?
        public var key: String?
    }

    /// Values that win over the profile's; nil leaves the profile's.
    public struct SessionOverrides: Sendable, Hashable {
        public var accessLifetime: Duration?
        public var idleLimit: Duration?
        public var absoluteLimit: Duration?
        public var rotationMode: RotationMode?
        public var lateWindow: Duration?
        public var repeatLimit: Duration?
    }

    /// How passwords are hashed, and what new ones have to be.
    public struct Passwords: Sendable, Hashable {
        public var parameters = PasswordParameters()
        public var rules = PasswordRules()
        /// How many passwords are hashed at once. Each takes a core and pushes what others work on out of the processor's
        /// cache: with one on every core, renewals would wait for a flood of wrong passwords.
        public var threads = max(1, min(System.coreCount / 2, 4))
        /// How many more may wait for a thread; beyond that, 503 with `Retry-After`.
        public var queue = 64
    }

    /// What one connection or request may cost.
    public struct Limits: Sendable, Hashable {
        public var headerBytes = 16 << 10
        public var bodyBytes = 64 << 10
        /// From the first byte of a request to the end of its headers.
        public var headTimeout: Duration = .seconds(10)
        /// From the end of the headers to the end of the body.
        public var bodyTimeout: Duration = .seconds(30)
        /// Without a request.
        public var idleTimeout: Duration = .seconds(60)
        public var connections = 4_096
    }

    public struct Log: Sendable, Hashable {
        public var level = Logger.Level.info
        public var format = LogFormat.text
    }

    /// Permissions for what is refused unless it is told outright.
    public struct Insecure: Sendable, Hashable {
        /// Listen beyond loopback with a certificate of the local CA.
        public var localCertificate = false
        /// Listen beyond loopback without an issuer.
        public var missingIssuer = false
        /// Listen beyond loopback on plain HTTP, or have an `http:` issuer that is not on loopback.
        public var plainHTTP = false
        /// Serve the metrics beyond loopback, to whoever asks.
        public var management = false
    }
}

extension ServerConfiguration {
    /// The profile with what differs from it: what holds for clients that say nothing of their own.
    public var sessionPolicy: SessionPolicy {
        var policy = profile.policy
        policy.accessLifetime = session.accessLifetime ?? policy.accessLifetime
        policy.idleLimit = session.idleLimit ?? policy.idleLimit
        policy.absoluteLimit = session.absoluteLimit ?? policy.absoluteLimit
        policy.rotation.mode = session.rotationMode ?? policy.rotation.mode
        policy.rotation.lateWindow = session.lateWindow ?? policy.rotation.lateWindow
        policy.rotation.repeatLimit = session.repeatLimit ?? policy.rotation.repeatLimit
        return policy
    }

    /// When an advance is on disk: `strict` syncs it before it is answered.
    public var durability: Durability {
        rotationDurability ?? (sessionPolicy.rotation.mode == .strict ? .full : .relaxed)
    }

    /// The issuer, which without one of its own is the address that the server listens on.
    ///
    /// - Parameter port: the port that it got, where `listen` asks for any (0).
    public func issuer(port: Int) -> String {
        issuer ?? "\(plainHTTP ? "http" : "https")://\(ListenAddress(host: listen.host, port: port))"
    }

    /// What the engine goes by.
    ///
    /// - Parameter port: the port that the server got.
    public func authoritySettings(port: Int) -> AuthoritySettings {
        AuthoritySettings(
            issuer: issuer(port: port), policy: sessionPolicy, signUp: signUp,
            passwordRules: passwords.rules, passwordParameters: passwords.parameters,
            passwordThreads: passwords.threads, passwordQueue: passwords.queue, keys: signingKeys,
            durability: durability, keepEnded: keepEndedSessions, statusLists: statusList, rateLimits: rateLimits,
            events: events, allowedOrigins: allowedOrigins, notices: notices
        )
    }
}
