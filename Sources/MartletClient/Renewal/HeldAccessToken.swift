import MartletProtocol

/// The access token in memory, with its times on the monotonic clock, counted from the answer that brought it.
struct HeldAccessToken: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What to do for somebody who needs a token.
    enum Use: Sendable, Hashable {
        case use
        /// It is still good, but its time to be renewed has come.
        case useAndRenew
        case renewFirst
    }

    let token: String
    let user: SignedInUser
    private let life: Duration
    private let renewAt: Instant
    private let expiresAt: Instant
    /// How much of its life is not relied on: the way to a server, and clocks that differ.
    private let safety: Duration
    /// A server has said 401 to it.
    var isRefused = false

    /// - Parameters:
    ///   - receivedAt: when the answer came.
    ///   - random: from 0 to 1. The server's hint is moved forward by up to a tenth of it, so that clients that
    ///     started together do not renew together.
    init(_ grant: Grant, receivedAt: Instant, random: Double) {
        let access = grant.accessToken
        token = access.token
        user = SignedInUser(grant)
        life = access.expiresIn
        renewAt = receivedAt + access.renewIn * (1 - 0.1 * random)
        expiresAt = receivedAt + access.expiresIn
        safety = min(.seconds(5), (access.expiresIn - access.renewIn) / 2)
    }

    /// - Parameter minimumLifetime: how long it has to live yet. More than half of a token's whole life cannot be
    ///   asked for: nearly every call would renew.
    func use(at now: Instant, minimumLifetime: Duration) -> Use {
        let needed = max(safety, min(minimumLifetime, life / 2))
        guard !isRefused, expiresAt - now > needed else { return .renewFirst }
        return now >= renewAt ? .useAndRenew : .use
    }
}
