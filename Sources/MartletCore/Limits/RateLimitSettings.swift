/// How often what is attacked may be tried, by what is attacked.
public struct RateLimitSettings: Sendable, Hashable {
    public var isEnabled = true
    /// Wrong passwords for one name from one network.
    public var wrongPasswords = RateLimit(10, then: .seconds(300))
    /// The same where the user has signed in before from that network, with that program.
    public var knownWrongPasswords = RateLimit(20, then: .seconds(30))
    /// Wrong passwords from one network, whatever the name.
    public var networkFailures = RateLimit(100, then: .seconds(10))
    /// Renewals of one session.
    public var renewals = RateLimit(300, then: .milliseconds(200))
    /// Refresh tokens from one network that were not made here.
    public var forgedTokens = RateLimit(100, then: .seconds(1))
    /// Access tokens that a client asks for on its own behalf.
    public var clientTokens = RateLimit(200, then: .milliseconds(50))
    /// Wrong secrets for one client from one network.
    public var wrongSecrets = RateLimit(20, then: .seconds(10))
    /// Accounts that are made from one network.
    public var signUps = RateLimit(20, then: .seconds(60))
    /// How many keys each limit tells apart. A key takes 16 bytes.
    public var entries = 16_384

    public init() {}

    /// A name that more wrong passwords than these are tried on, from anywhere, is under attack.
    static let attack = RateLimit(20, then: .seconds(30))
    /// How many wrong passwords one network has on a name that is under attack.
    static let wrongPasswordsUnderAttack = 3
    /// How much more than a /64 the /48 around it has.
    static let siteShare = 4
    /// How long the place is remembered that a user has signed in from.
    static let rememberPlaces: Duration = .seconds(90 * 86_400)
    /// How long it is not asked again where the user of a name has been.
    static let askAgain: Duration = .seconds(600)

    /// What is wrong with the values; nil where nothing is.
    var fault: String? {
        let limits = [
            wrongPasswords, knownWrongPasswords, networkFailures, renewals, forgedTokens, clientTokens, wrongSecrets,
            signUps,
        ]
        guard limits.allSatisfy(\.isValid) else {
            return "A limit lets 1 to 1000000 through at once, and then one every 1ms to 1d."
        }
        guard (64...16_777_216).contains(entries) else { return "A limit tells 64 to 16777216 keys apart." }
        return nil
    }
}
