import MartletProtocol
import Testing

@testable import MartletClient

struct HeldAccessTokenTests {
    static let received = ContinuousClock.now

    private func token(life: Int64, renewIn: Int64, random: Double = 0) -> HeldAccessToken {
        var generator = SecureRandom()
        // The server's wall clock says 1970: only differences of its times count.
        let now = Timestamp(seconds: 0)
        return HeldAccessToken(
            Grant(
                accessToken: .init(
                    token: "a", expiresIn: .seconds(life), expiresAt: now + .seconds(life),
                    renewAt: now + .seconds(renewIn)),
                refreshToken: nil,
                session: .init(id: SessionID(at: now, using: &generator), createdAt: now, expiresAt: now),
                user: .init(id: UserID(at: now, using: &generator), username: "ada", roles: [])),
            receivedAt: Self.received, random: random)
    }

    @Test(
        arguments: [
            // life, hint, age, minimum → use
            (1_800, 1_500, 0, 0, .use), (1_800, 1_500, 1_499, 0, .use), (1_800, 1_500, 1_500, 0, .useAndRenew),
            (1_800, 1_500, 1_794, 0, .useAndRenew), (1_800, 1_500, 1_795, 0, .renewFirst),
            (1_800, 1_500, 1_900, 0, .renewFirst),
            // A demand for more life than is left.
            (1_800, 1_500, 1_000, 600, .use), (1_800, 1_500, 1_300, 600, .renewFirst),
            // A demand for more than a token ever has is for half of its life.
            (1_800, 1_500, 0, 7_200, .use), (1_800, 1_500, 899, 7_200, .use), (1_800, 1_500, 900, 7_200, .renewFirst),
            // Short tokens: the safety shrinks with the hint.
            (5, 4, 3, 0, .use), (5, 4, 4, 0, .useAndRenew), (5, 4, 5, 0, .renewFirst), (0, 0, 0, 0, .renewFirst),
        ] as [(Int64, Int64, Int64, Int64, HeldAccessToken.Use)])
    func use(life: Int64, hint: Int64, age: Int64, minimum: Int64, expected: HeldAccessToken.Use) {
        #expect(
            token(life: life, renewIn: hint)
                .use(at: Self.received + .seconds(age), minimumLifetime: .seconds(minimum)) == expected)
    }

    @Test func renewsAheadOfTheHintByUpToATenth() {
        let token = token(life: 1_800, renewIn: 1_500, random: 1)
        #expect(token.use(at: Self.received + .seconds(1_349), minimumLifetime: .zero) == .use)
        #expect(token.use(at: Self.received + .seconds(1_351), minimumLifetime: .zero) == .useAndRenew)
    }

    @Test func aRefusedTokenIsNotUsed() {
        var token = token(life: 1_800, renewIn: 1_500)
        token.isRefused = true
        #expect(token.use(at: Self.received, minimumLifetime: .zero) == .renewFirst)
    }
}
