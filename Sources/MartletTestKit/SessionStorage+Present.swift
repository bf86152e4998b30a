public import MartletCore
public import MartletProtocol

extension SessionStorage {
    /// Presents a token and decides by the real rule.
    public func present(
        _ token: RefreshToken, client: PresentingClient = .implied, delivery: Delivery = .body,
        provenKey: String? = nil, policy: RotationPolicy = RotationPolicy(), from presenter: Presenter = Presenter(),
        at now: Timestamp = Fixtures.start, durability: Durability = .relaxed
    ) async throws(StorageError) -> Presented {
        let presentation = Presentation(token: token, client: client, delivery: delivery, provenKey: provenKey)
        return try await present(
            token.session, from: presenter, at: now, durability: durability,
            denial: Fixtures.denial(at: now)
        ) { session in
            RotationDecision(on: presentation, for: session, clientIsPublic: true, policy: policy, now: now)
        }
    }
}
