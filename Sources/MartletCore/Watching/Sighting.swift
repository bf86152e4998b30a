public import MartletProtocol

/// One thing that happened, as detection looks at it.
public struct Sighting: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A sign-in; what is known of the user's sessions before it.
        case signIn(UserPast)
        /// A wrong password, or one that was not looked at because too many were wrong.
        case wrongPassword
        case renewal
        /// The newest refresh token once more, or a delayed duplicate of an older one.
        case repeated
        case replay
        /// A refresh token of a session that is over.
        case ended
    }

    public var kind: Kind
    public var at: Timestamp
    public var session: SessionID?
    public var presenter: Presenter
    /// Where the session was seen before.
    public var earlier: Presenter?
    /// Tells names apart that were tried.
    public var triedName: UInt64?
    /// Where the presenter is; nil where that is not known.
    public var place: Coordinates?

    public init(
        _ kind: Kind, at: Timestamp, session: SessionID? = nil, presenter: Presenter, earlier: Presenter? = nil,
        triedName: UInt64? = nil, place: Coordinates? = nil
    ) {
        self.kind = kind
        self.at = at
        self.session = session
        self.presenter = presenter
        self.earlier = earlier
        self.triedName = triedName
        self.place = place
    }

    var device: UserAgentFamily { UserAgentFamily(presenter.userAgent) }
    var network: AddressPrefix? { AddressPrefix(presenter.address) }
    /// Whether another device or program was there before; not where there was none.
    var isOtherDevice: Bool {
        // Most renewals come from where the one before came from, so what is equal is not taken apart.
        earlier.map { $0.userAgent != presenter.userAgent && UserAgentFamily($0.userAgent) != device } ?? false
    }

    var isOtherNetwork: Bool {
        earlier.map { $0.address != presenter.address && AddressPrefix($0.address) != network } ?? false
    }
}

/// What storage knows of a user's sessions before a sign-in.
public struct UserPast: Sendable, Hashable {
    public var devices: Set<UserAgentFamily>
    /// When any of them was last seen; nil where there was none.
    public var lastSeenAt: Timestamp?

    public init(devices: Set<UserAgentFamily> = [], lastSeenAt: Timestamp? = nil) {
        self.devices = devices
        self.lastSeenAt = lastSeenAt
    }

    public init(_ sessions: [Session]) {
        self.init(
            devices: Set(sessions.map { UserAgentFamily($0.lastPresenter.userAgent) }),
            lastSeenAt: sessions.map(\.lastSeenAt).max())
    }
}
