import Crypto
public import MartletCore
public import MartletProtocol

/// A session together with what its server and its client know, so that a test can present real tokens of it.
public struct SessionFixture: Sendable {
    /// The row as a sign-in writes it.
    public let session: Session
    /// The refresh token that the sign-in gave out.
    public let token: RefreshToken
    private let seed: RefreshTokenSeed
    private let key: SymmetricKey

    /// Signs a user in, with the limits of the standard profile.
    ///
    /// - Parameter id: the session's id; one of its own where nil.
    public init(
        of user: UserID, id: SessionID? = nil, client: String = ClientRegistration.firstPartyID,
        delivery: Delivery = .body,
        bindingKey: String? = nil, parent: SessionID? = nil, device: String? = nil, at now: Timestamp = Fixtures.start,
        idleLimit: Duration = SessionPolicy.standard.idleLimit,
        absoluteLimit: Duration = SessionPolicy.standard.absoluteLimit, presenter: Presenter = Presenter()
    ) {
        var random = SecureRandom()
        seed = RefreshTokenSeed(using: &random)
        key = SymmetricKey(size: .bits256)
        let root = RefreshTokenTag(using: &random)
        session = Session(
            id: id ?? SessionID(at: now, using: &random), userID: user, clientID: client, delivery: delivery,
            seedHash: seed.hash, bindingKey: bindingKey, parent: parent, device: device, createdAt: now,
            authenticatedAt: now, idleLimit: idleLimit, absoluteLimit: now + absoluteLimit, head: root,
            headGeneration: 0, previous: nil, advancedAt: nil, lateFloor: nil, lastSeenAt: now,
            lastPresenter: presenter,
            end: nil
        )
        token = RefreshToken(
            session: session.id, generation: 1, issuedAt: now, seed: seed, nonce: random.next(), parent: root,
            keyID: 0, key: key
        )
    }

    /// Mints a child of a token of this session, as the answer to its presentation would. Each is another one.
    public func child(of token: RefreshToken, at now: Timestamp = Fixtures.start) -> RefreshToken {
        var random = SecureRandom()
        return RefreshToken(
            session: session.id, generation: token.generation + 1, issuedAt: now, seed: seed, nonce: random.next(),
            parent: RefreshTokenTag(of: token), keyID: 0, key: key
        )
    }
}
