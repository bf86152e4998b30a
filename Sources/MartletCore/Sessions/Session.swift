public import MartletProtocol

/// One sign-in of one user on one client: the row that refresh tokens are decided by.
public struct Session: Sendable, Hashable {
    public let id: SessionID
    public let userID: UserID
    public let clientID: String
    public let delivery: Delivery
    /// SHA-256 of the seed in each of its refresh tokens.
    public let seedHash: [UInt8]
    /// The RFC 7638 thumbprint of the key that the session is bound to; nil where it is bound to none.
    public let bindingKey: String?
    /// The session from which this one was made; nil where it began with a sign-in.
    public let parent: SessionID?
    /// What the user calls the device, as given at sign-in.
    public let device: String?
    public let createdAt: Timestamp
    /// When the user last proved who they are: the claim `auth_time`.
    public let authenticatedAt: Timestamp
    /// How long it lives without a renewal.
    public let idleLimit: Duration
    /// When it ends however often it is renewed.
    public let absoluteLimit: Timestamp

    public var head: RefreshTokenTag
    public var headGeneration: UInt32
    public var previous: RefreshTokenTag?
    public var advancedAt: Timestamp?
    /// Nil where it never advanced.
    public var lateFloor: LateFloor?
    public var lastSeenAt: Timestamp
    public var lastPresenter: Presenter
    public var end: SessionEnd?

    public init(
        id: SessionID, userID: UserID, clientID: String, delivery: Delivery, seedHash: [UInt8], bindingKey: String?,
        parent: SessionID?, device: String?, createdAt: Timestamp, authenticatedAt: Timestamp, idleLimit: Duration,
        absoluteLimit: Timestamp, head: RefreshTokenTag, headGeneration: UInt32, previous: RefreshTokenTag?,
        advancedAt: Timestamp?, lateFloor: LateFloor?, lastSeenAt: Timestamp, lastPresenter: Presenter,
        end: SessionEnd?
    ) {
        self.id = id
        self.userID = userID
        self.clientID = clientID
        self.delivery = delivery
        self.seedHash = seedHash
        self.bindingKey = bindingKey
        self.parent = parent
        self.device = device
        self.createdAt = createdAt
        self.authenticatedAt = authenticatedAt
        self.idleLimit = idleLimit
        self.absoluteLimit = absoluteLimit
        self.head = head
        self.headGeneration = headGeneration
        self.previous = previous
        self.advancedAt = advancedAt
        self.lateFloor = lateFloor
        self.lastSeenAt = lastSeenAt
        self.lastPresenter = lastPresenter
        self.end = end
    }

    /// Why the session counts as over at `now`, whether or not a sweeper has written it down.
    ///
    /// - Parameter issuedAt: when the presented refresh token was issued; nil where none is presented.
    public func expiry(at now: Timestamp, tokenIssuedAt issuedAt: Timestamp? = nil) -> EndReason? {
        if now > absoluteLimit { return .expiredAbsolute }
        return now > max(lastSeenAt, issuedAt ?? lastSeenAt) + idleLimit ? .expiredIdle : nil
    }

    /// When a refresh token issued at `issuedAt` ends if it is not used.
    public func expiresAt(tokenIssuedAt issuedAt: Timestamp) -> Timestamp {
        min(absoluteLimit, max(lastSeenAt, issuedAt) + idleLimit)
    }

    /// When the last token that may be out there ends, unless the session advances before: twice the idle limit,
    /// because a repeat at the last moment writes nothing and gives a token that is good for as long again.
    public var latestExpiry: Timestamp {
        min(absoluteLimit, lastSeenAt + idleLimit + idleLimit)
    }
}

/// Where a request came from.
public struct Presenter: Sendable, Hashable {
    /// The address of the network peer, as text; empty where it is not known.
    public var address: String
    /// The `User-Agent`, at most 256 bytes; empty where none was sent.
    public var userAgent: String

    public init(address: String = "", userAgent: String = "") {
        self.address = address
        self.userAgent = userAgent
    }
}
