import HTTPTypes
import Logging
import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletVerifier

@Suite(.timeLimit(.minutes(10)))
struct VerifierTests {
    @Test func aValidTokenIsVerifiedAndKeysAreFetchedOnce() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            #expect(authority.get(\.metadataRequests) == 0)
            let token = try authority.token { $0.roles = ["admin"] }
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await verifier.verify(token).subject }
                }
                for try await subject in group { #expect(subject == "ada") }
            }
            #expect(try await verifier.verify(token).roles == ["admin"])
            #expect(authority.get(\.metadataRequests) == 1)
            #expect(authority.get(\.keysRequests) == 1)
        }
    }

    @Test func manyFirstRequestsWaitForOneFetch() async throws {
        try await Authority.run { authority in
            let gate = Gate()
            authority.set { $0.gate = gate }
            let verifier = try authority.verifier()
            let token = try authority.token()
            let requests = (0..<20).map { _ in Task { try await verifier.verify(token).subject } }
            await eventually { authority.get(\.keysRequests) == 1 }
            // One that gives up takes nothing from the others.
            requests[0].cancel()
            gate.open()
            for request in requests { #expect(try await request.value == "ada") }
            #expect(authority.get(\.keysRequests) == 1)
        }
    }

    @Test func anIssuerWithAPathHasItsMetadataBetweenHostAndPath() async throws {
        try await Authority.run { authority in
            authority.set { $0.path = "/tenants/north" }
            let token = try authority.token()
            #expect(try await authority.verifier().verify(token).issuer.hasSuffix("/tenants/north"))
        }
    }

    @Test(
        arguments: [
            (-1_861, nil, VerifierError.Code.tokenExpired), (-1_859, nil, nil), (61, nil, .tokenInvalid),
            (59, nil, nil),
            (0, "https://else.example", .tokenInvalid),
        ] as [(Int64, String?, VerifierError.Code?)])
    func timesAndAudienceAreChecked(shift: Int64, audience: String?, code: VerifierError.Code?) async throws {
        try await Authority.run { authority in
            let token = try authority.token {
                $0.issuedAt += shift
                $0.expiresAt += shift
                if let audience { $0.audience = [audience] }
            }
            #expect(await refusal(try authority.verifier(), token)?.code == code)
        }
    }

    @Test func clockSkewIsSettable() async throws {
        try await Authority.run { authority in
            var options = Verifier.Options()
            options.clockSkew = .zero
            let token = try authority.token { $0.expiresAt = $0.issuedAt }
            #expect(await refusal(try authority.verifier(options), token)?.code == .tokenExpired)
        }
    }

    @Test(arguments: ["", "x", "a.b.c", String(repeating: "a", count: 10_000)])
    func whatIsNoTokenIsInvalid(text: String) async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            #expect(await refusal(verifier, text)?.code == .tokenInvalid)
        }
    }

    @Test func aForgedSignatureIsInvalidAndAsksForNothing() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            let parts = try authority.token().split(separator: ".")
            let other = try authority.token { $0.subject = "eve" }.split(separator: ".")
            let refused = await refusal(verifier, "\(parts[0]).\(other[1]).\(parts[2])")
            #expect(refused?.code == .tokenInvalid)
            #expect(refused?.detail == "invalid_signature")
            #expect(authority.get(\.keysRequests) == 1)
        }
    }

    // MARK: Refreshing

    @Test func freshKeysAreUsedThenAskedForAgainByEntityTag() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            authority.clock.advance(by: .seconds(224))
            _ = try await verifier.verify(authority.token())
            #expect(authority.get(\.keysRequests) == 1)
            // Three quarters of their life are over: newer keys are fetched behind the request's back.
            authority.clock.advance(by: .seconds(1))
            _ = try await verifier.verify(authority.token())
            await eventually { authority.get(\.notModified) == 1 }
            _ = try await verifier.verify(authority.token())
            #expect(authority.get(\.keysRequests) == 2)
            #expect(authority.get(\.metadataRequests) == 1)
        }
    }

    @Test func afterALongPauseTheAuthorityIsAskedFirst() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            let old = authority.get(\.keys)[0]
            _ = try await verifier.verify(authority.token())
            authority.publish([SigningKey(generating: .es256)])
            authority.clock.advance(by: .seconds(301))
            // The old key was taken back meanwhile, and is not trusted once more.
            #expect(await refusal(verifier, try authority.token(by: old))?.code == .tokenInvalid)
            #expect(try await verifier.verify(authority.token()).subject == "ada")
            #expect(authority.get(\.keysRequests) == 2)
        }
    }

    @Test func metadataIsAskedForAgainWhenItIsNoLongerFresh() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            authority.clock.advance(by: .seconds(601))
            _ = try await verifier.verify(authority.token())
            #expect(authority.get(\.metadataRequests) == 2)
        }
    }

    @Test func theServiceRefreshesWithoutARequestAndEndsGracefully() async throws {
        try await Authority.run { authority in
            let clock = authority.clock
            let verifier = try authority.verifier()
            try await withService(verifier) {
                await clock.hasSleeper(until: .seconds(225))
                #expect(authority.get(\.keysRequests) == 1)
                clock.advance(by: .seconds(225))
                await clock.hasSleeper(until: .seconds(450))
                #expect(authority.get(\.keysRequests) == 2)
                #expect(authority.get(\.notModified) == 1)
            }
        }
    }

    @Test func theServiceEndsWhileTheAuthorityHangs() async throws {
        try await Authority.run { authority in
            authority.set { $0.gate = Gate() }
            let verifier = try authority.verifier()
            try await withService(verifier) {
                await eventually { authority.get(\.keysRequests) == 1 }
            }
            #expect(authority.log.levels.isEmpty)
        }
    }

    /// A request waits for the service's own fetch, and the service ends.
    @Test func aFetchThatIsCalledOffSaysNothingOfAKey() async throws {
        try await Authority.run { authority in
            let (clock, gate) = (authority.clock, Gate())
            let verifier = try authority.verifier()
            let token = try authority.token(by: SigningKey(generating: .es256))
            let request = Shared<Task<VerifierError.Code?, Never>?>(nil)
            try await withService(verifier) {
                await clock.hasSleeper(until: .seconds(225))
                authority.set { $0.gate = gate }
                clock.advance(by: .seconds(225))
                await eventually { authority.get(\.keysRequests) == 2 }
                request.value = Task { await refusal(verifier, token)?.code }
                await eventually { verifier.statistics.verifications == 1 }
                // For a fetch of its own, should it come too late for the other.
                authority.set { $0.keysReply = .init(status: .serviceUnavailable) }
            }
            gate.open()
            #expect(await request.value?.value == .keysUnavailable)
        }
    }

    @Test func theServiceTriesAgainUntilTheAuthorityIsThere() async throws {
        try await Authority.run { authority in
            let clock = authority.clock
            authority.set { $0.keysReply = .init(status: .serviceUnavailable) }
            let verifier = try authority.verifier()
            try await withService(verifier) {
                await clock.hasSleeper(until: .milliseconds(500))
                let token = try authority.token()
                #expect(await refusal(verifier, token)?.code == .keysUnavailable)
                authority.set { $0.keysReply = nil }
                clock.advance(by: .milliseconds(500))
                await clock.hasSleeper(until: .milliseconds(225_500))
                #expect(try await verifier.verify(token).subject == "ada")
            }
            #expect(authority.log.levels == [.error, .info])
        }
    }

    // MARK: Unknown keys

    @Test func aNewKeyIsFetchedWhenATokenNamesIt() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            let old = authority.get(\.keys)[0]
            _ = try await verifier.verify(authority.token())
            let new = SigningKey(generating: .edDSA)
            authority.publish([old, new])
            // Just after a fetch there is no other.
            #expect(await refusal(verifier, try authority.token(by: new))?.code == .tokenInvalid)
            #expect(authority.get(\.keysRequests) == 1)
            authority.clock.advance(by: .seconds(10))
            #expect(try await verifier.verify(authority.token(by: new)).keyID == new.keyID)
            #expect(try await verifier.verify(authority.token(by: old)).keyID == old.keyID)
            #expect(authority.get(\.keysRequests) == 2)
        }
    }

    @Test func aFloodOfForgedKeysCostsOneRequest() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            authority.clock.advance(by: .seconds(10))
            let forged = try (0..<5).map { _ in try authority.token(by: SigningKey(generating: .es256)) }
            try await withThrowingTaskGroup(of: VerifierError.Code?.self) { group in
                for number in 0..<200 {
                    group.addTask { await refusal(verifier, forged[number % forged.count])?.code }
                }
                for try await code in group { #expect(code == .tokenInvalid) }
            }
            #expect(authority.get(\.keysRequests) == 2)
        }
    }

    @Test func anUnknownKeyIsNotCalledInvalidWhileTheAuthorityIsAway() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            let new = SigningKey(generating: .es256)
            authority.clock.advance(by: .seconds(10))
            authority.set { $0.keysReply = .init(status: .badGateway) }
            for _ in 0..<3 {
                let refused = await refusal(verifier, try authority.token(by: new))
                #expect(refused?.code == .keysUnavailable)
                #expect(refused?.retryAfter == .seconds(1))
            }
            #expect(authority.get(\.keysRequests) == 2)
            #expect(try await verifier.verify(authority.token()).subject == "ada")
        }
    }

    // MARK: In process

    @Test func keysAtHandNeedNoAuthority() async throws {
        let clock = TestClock()
        let keys = [SigningKey(generating: .es256), SigningKey(generating: .es256)]
        let sets = try keys.map { VerificationKeySet([try VerificationKey($0.jwk)]) }
        let verifier = try Verifier(issuer: "https://auth.example", audience: "notes", keys: sets[0], clock: clock)
        let tokens = try keys.map { key in
            try AccessTokenSigner(key: key).sign(
                AccessTokenClaims(
                    issuer: "https://auth.example", audience: ["notes"], subject: "ada", clientID: "app",
                    issuedAt: clock.now.seconds, expiresAt: clock.now.seconds + 60, tokenID: "t1"
                ))
        }
        #expect(try await verifier.verify(tokens[0]).subject == "ada")
        #expect(await refusal(verifier, tokens[1])?.code == .tokenInvalid)
        verifier.replaceKeys(sets[1])
        #expect(await refusal(verifier, tokens[0])?.code == .tokenInvalid)
        #expect(try await verifier.verify(tokens[1]).subject == "ada")
        try await withService(verifier) {}
    }
}
