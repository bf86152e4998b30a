/// How a ``MartletClient`` speaks with servers and how long it waits. The defaults fit most apps.
public struct ClientOptions: Sendable {
    /// A PEM file with the certificates to trust in place of the system's roots; nil for the system's roots.
    public var trustedCertificates: String?

    /// Other origins that may be given the access token, such as `https://api.example.com`. The server's own always
    /// may.
    public var allowedOrigins: [String]

    /// Whether plain HTTP is spoken with other machines too. Without it only loopback may be `http`, since whoever
    /// reads the traffic has the tokens.
    public var allowsPlainHTTP: Bool

    /// How long to wait for a connection.
    public var connectTimeout: Duration

    /// How long one call of the authority may take, and one attempt of a renewal.
    public var attemptTimeout: Duration

    /// How long one authorized request of the app may take, from sending it to the last byte of the answer.
    public var requestTimeout: Duration

    /// How long a renewal goes on with new attempts before those who wait for it are told that it failed. The next
    /// call starts another.
    public var patience: Duration

    /// How long to wait for another process that is renewing with the same store. It is longer than
    /// `attemptTimeout`, so that a process that holds the lock longer is no longer sending; the renewal then goes on
    /// without the lock, since what is stored is compared first.
    public var lockTimeout: Duration

    /// The largest answer that is read, in bytes.
    public var maximumResponseBytes: Int

    /// The header `User-Agent`: what the user sees in the list of sessions.
    public var userAgent: String

    public init(
        trustedCertificates: String? = nil, allowedOrigins: [String] = [], allowsPlainHTTP: Bool = false,
        connectTimeout: Duration = .seconds(10), attemptTimeout: Duration = .seconds(20),
        requestTimeout: Duration = .seconds(60), patience: Duration = .seconds(10),
        lockTimeout: Duration = .seconds(30), maximumResponseBytes: Int = 16 << 20, userAgent: String = "martlet-client"
    ) {
        self.trustedCertificates = trustedCertificates
        self.allowedOrigins = allowedOrigins
        self.allowsPlainHTTP = allowsPlainHTTP
        self.connectTimeout = connectTimeout
        self.attemptTimeout = attemptTimeout
        self.requestTimeout = requestTimeout
        self.patience = patience
        self.lockTimeout = lockTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.userAgent = userAgent
    }
}
