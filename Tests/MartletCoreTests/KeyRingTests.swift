import Crypto
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct KeyRingTests {
    // MARK: At rest

    @Test func theFirstStartMakesOneOfEachAndTheNextUsesThem() async throws {
        let engine = try await Engine()
        let keys = try await engine.storage.keys()
        #expect(Set(keys.map(\.kind)) == [.signing, .refreshTokenMAC])
        #expect(keys.count == 2)
        #expect(keys.allSatisfy { $0.activeAt == engine.clock.now })
        #expect(engine.events.map(\.kind) == keys.map { .keyAdded($0.kind, id: $0.id) }.sorted { "\($0)" > "\($1)" })
        let again = try await engine.other()
        #expect(try await again.storage.keys() == keys)
        #expect(again.events.isEmpty)
        #expect(again.authority.keys.jwks == engine.authority.keys.jwks)
    }

    @Test(arguments: SignatureAlgorithm.all) func everyAlgorithmSigns(algorithm: SignatureAlgorithm) async throws {
        let engine = try await Engine { $0.keys.algorithm = algorithm }
        try await engine.add()
        let requester = try await engine.requester(try await engine.signIn())
        #expect(requester.token.algorithm == algorithm)
    }

    @Test func keysAreNeverInClearInStorage() async throws {
        let engine = try await Engine()
        for record in try await engine.storage.keys() {
            let secret = try #require(
                engine.masterKey.open(record.sealed, label: KeySnapshot.label(record.kind, record.id)))
            #expect(secret.count >= 32)
            // Neither the whole nor any 16 bytes of it.
            for start in 0...(secret.count - 16) {
                #expect(!record.sealed.contains(secret[start..<(start + 16)]))
            }
            #expect(record.sealed.count == secret.count + 12 + 16)
        }
    }

    @Test func twoSealingsOfOneSecretDiffer() throws {
        let key = MasterKey()
        #expect(try key.seal([1, 2, 3], label: "a") != key.seal([1, 2, 3], label: "a"))
        #expect(key.open(try key.seal([1, 2, 3], label: "a"), label: "a") == [1, 2, 3])
        #expect(key.open(try key.seal([1, 2, 3], label: "a"), label: "b") == nil)
        #expect(MasterKey().open(try key.seal([1, 2, 3], label: "a"), label: "a") == nil)
        #expect(key.open([], label: "a") == nil)
        #expect(MasterKey(bytes: key.bytes)?.open(try key.seal([4], label: "a"), label: "a") == [4])
        #expect(MasterKey(bytes: key.bytes.dropLast()) == nil)
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "<redacted>" && dumped.contains("<redacted>") && !dumped.contains("key"))
    }

    @Test func anotherMasterKeyIsAClearError() async throws {
        let engine = try await Engine()
        let error = try await refusal {
            _ = try await Engine(storage: engine.storage, clock: engine.clock, masterKey: MasterKey())
        }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.detail?.contains("the master key does not open the ") == true)
        #expect(error?.detail?.contains("start with the master key that this data was made with") == true)
        // Nothing was added or removed.
        #expect(try await engine.storage.keys().count == 2)
    }

    @Test(arguments: [0, 1, 2, 3]) func aSealedKeyInAnothersPlaceIsRefused(tampering: Int) async throws {
        let engine = try await Engine()
        _ = try await engine.authority.keys.rotate(.signing)
        _ = try await engine.authority.keys.rotate(.refreshTokenMAC)
        let keys = try await engine.storage.keys()
        let signing = keys.filter { $0.kind == .signing }
        let mac = keys.filter { $0.kind == .refreshTokenMAC }
        let (target, sealed) =
            switch tampering {
            case 0: (signing[0], signing[1].sealed)
            case 1: (mac[0], mac[1].sealed)
            case 2: (mac[0], signing[0].sealed)
            default: (mac[0], mac[0].sealed.dropLast() + [mac[0].sealed.last! ^ 1])
            }
        try await engine.storage.removeKey(kind: target.kind, id: target.id)
        let forged = KeyRecord(
            kind: target.kind, id: target.id, algorithm: target.algorithm, sealed: Array(sealed),
            createdAt: target.createdAt, activeAt: target.activeAt
        )
        #expect(try await engine.storage.insert(forged, expectedCount: 1))
        let reload = try await refusal { try await engine.authority.reload() }
        #expect(reload?.code == .storageUnavailable)
        let start = try await refusal { _ = try await engine.other() }
        #expect(start?.code == .storageUnavailable)
        // Who is running goes on with what was read before.
        try await engine.add()
        _ = try await engine.requester(try await engine.renew(try await engine.signIn()))
    }

    // MARK: Rotation

    /// Step by step over a rotation: published, then used, then kept; every token of every moment works at each.
    @Test(arguments: [KeyRecord.Kind.signing, .refreshTokenMAC]) func nothingFailsDuringARotation(kind: KeyRecord.Kind)
        async throws
    {
        let engine = try await Engine()
        try await engine.add()
        let node = try await engine.other()
        let old = try #require(engine.authority.keys.schedule(of: kind).active(at: engine.clock.now))
        let first = try await engine.signIn()

        let new = try await engine.authority.keys.rotate(kind)
        #expect(new.activeAt == engine.clock.now + .seconds(600))
        #expect(engine.events.last?.kind == .keyAdded(kind, id: new.id))
        try await node.authority.reload()
        #expect(node.authority.keys.jwks == engine.authority.keys.jwks)

        var tokens = first
        var usedIDs: [String] = []
        for seconds in [0, 599, 600, 601, 1_000] as [Int64] {
            engine.clock.set(new.createdAt + .seconds(seconds))
            for (maker, taker) in [(engine, node), (node, engine)] {
                tokens = try await maker.renew(tokens)
                usedIDs.append(
                    kind == .signing
                        ? try await taker.requester(tokens).token.keyID
                        : String(try #require(UnauthenticatedRefreshToken(tokens.refreshToken)).keyID))
                tokens = try await taker.renew(tokens)
            }
        }
        #expect(usedIDs == Array(repeating: old.id, count: 4) + Array(repeating: new.id, count: 6))
        #expect(engine.authority.keys.schedule(of: kind).state(of: old, at: engine.clock.now) == .retiring)
    }

    @Test func theOldSigningKeyIsKeptUntilItsLastTokenIsDead() async throws {
        let engine = try await Engine { $0.policy.accessLifetime = SessionPolicy.longestAccessLifetime }
        try await engine.add()
        let old = try #require(engine.authority.keys.schedule(of: .signing).records.first)
        let new = try await engine.authority.keys.rotate(.signing)
        engine.clock.set(new.activeAt - .milliseconds(1))
        let last = try await engine.signIn()
        engine.clock.set(last.accessExpiresAt - .milliseconds(1))
        try await engine.authority.maintain()
        #expect(try await engine.requester(last).token.keyID == old.id)
        #expect(engine.authority.keys.jwks.text.contains(old.id))
        engine.clock.set(new.activeAt + KeyRecord.Kind.signing.retention + .milliseconds(1))
        try await engine.authority.maintain()
        engine.clock.advance(by: KeyRing.grace)
        try await engine.authority.maintain()
        #expect(engine.authority.keys.schedule(of: .signing).records.map(\.id) == [new.id])
        #expect(!engine.authority.keys.jwks.text.contains(old.id))
        #expect(engine.authority.keys.jwks.text.contains(new.id))
    }

    /// The longest that any refresh token can live: first presented at the end of one idle limit, its answer lost,
    /// presented again at the end of another.
    @Test func theOldRefreshTokenKeyIsKeptUntilItsLastTokenIsDead() async throws {
        let idle = SessionPolicy.longestIdleLimit
        let engine = try await Engine {
            $0.policy.idleLimit = idle
            $0.policy.absoluteLimit = .seconds(4_000 * 86_400)
        }
        try await engine.add()
        let new = try await engine.authority.keys.rotate(.refreshTokenMAC)
        engine.clock.set(new.activeAt - .milliseconds(1))
        let tokens = try await engine.signIn()
        for _ in 0..<2 {
            engine.clock.advance(by: idle)
            try await engine.authority.maintain()
            _ = try await engine.renew(tokens)
        }
        engine.clock.set(new.activeAt + KeyRecord.Kind.refreshTokenMAC.retention + .milliseconds(1))
        try await engine.authority.maintain()
        engine.clock.advance(by: KeyRing.grace)
        try await engine.authority.maintain()
        #expect(engine.authority.keys.schedule(of: .refreshTokenMAC).records.first?.id == new.id)
    }

    /// Of two upkeeps that find a key dead, only time that has passed is between, not a jump of the clock. One that
    /// finds it alive begins anew.
    @Test func aClockThatJumpsAheadAndBackRemovesNoKey() async throws {
        let engine = try await Engine()
        let keys = engine.authority.keys
        try await engine.add()
        let tokens = try await engine.signIn()
        let old = try #require(keys.schedule(of: .refreshTokenMAC).records.first)
        let new = try await keys.rotate(.refreshTokenMAC)
        let (start, later) = (engine.clock.now, new.activeAt + KeyRecord.Kind.refreshTokenMAC.retention + .seconds(1))
        func hasOld() -> Bool { keys.schedule(of: .refreshTokenMAC).records.contains(old) }
        for _ in 0..<3 {
            engine.clock.set(later)
            try await keys.maintain()
            engine.clock.set(later + KeyRing.grace)
            try await keys.maintain()
            engine.clock.advance(by: KeyRing.grace - .milliseconds(1))
            try await keys.maintain()
            #expect(hasOld())
            engine.clock.set(start)
            try await keys.maintain()
        }
        _ = try await engine.renew(tokens)
        engine.clock.set(later)
        try await keys.maintain()
        engine.clock.advance(by: KeyRing.grace)
        try await keys.maintain()
        #expect(!hasOld())
    }

    @Test func keysGetSuccessorsByAge() async throws {
        let engine = try await Engine()
        try await engine.authority.maintain()
        #expect(try await engine.storage.keys().count == 2)
        engine.clock.advance(by: .seconds(90 * 86_400))
        try await engine.authority.maintain()
        try await engine.authority.maintain()
        #expect(try await engine.storage.keys().count == 4)
        for kind in KeyRecord.Kind.allCases {
            #expect(
                engine.authority.keys.schedule(of: kind).records.last?.activeAt == engine.clock.now + .seconds(600))
        }
    }

    @Test func aNewAlgorithmTakesOverWithoutABreak() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        let changed = try await engine.other { $0.keys.algorithm = .edDSA }
        #expect(try await changed.requester(try await changed.renew(tokens)).token.algorithm == .es256)
        engine.clock.advance(by: .seconds(600))
        #expect(try await changed.requester(try await changed.renew(tokens)).token.algorithm == .edDSA)
        _ = try await changed.requester(tokens)
    }

    /// A key waits out a long lead when the operator wants another algorithm, and with a short one.
    @Test func aNewAlgorithmDoesNotWaitForAKeyOfTheOld() async throws {
        let engine = try await Engine { $0.keys.publishLead = .seconds(7 * 86_400) }
        try await engine.add()
        let waiting = try await engine.authority.keys.rotate(.signing)
        engine.clock.advance(by: .seconds(86_400))
        let changed = try await engine.other { $0.keys.algorithm = .edDSA }
        for _ in 0..<3 {
            engine.clock.advance(by: .seconds(600))
            try await changed.authority.maintain()
            #expect(changed.authority.keys.schedule(of: .signing).records.count == 3)
            #expect(try await changed.requester(try await changed.signIn()).token.algorithm == .edDSA)
        }
        engine.clock.set(waiting.activeAt)
        #expect(try await changed.requester(try await changed.signIn()).token.algorithm == .edDSA)
    }

    /// 256 keys are all that a byte can name. Upkeep goes on without a new one, and only who asks for one is refused.
    @Test func whereAllIDsAreInUseTheLastKeyStays() async throws {
        let engine = try await Engine()
        for _ in 1..<256 { _ = try await engine.authority.keys.rotate(.refreshTokenMAC) }
        let error = try await refusal { _ = try await engine.authority.keys.rotate(.refreshTokenMAC) }
        #expect(error?.code == .conflict)
        #expect(error?.message == "All 256 refresh token keys are in use; wait until the oldest is removed.")
        engine.clock.advance(by: .seconds(100 * 86_400))
        try await engine.authority.maintain()
        try await engine.add()
        _ = try await engine.renew(try await engine.signIn())
    }

    @Test func oneOfTwoProcessesMakesTheKey() async throws {
        let engine = try await Engine()
        let node = try await engine.other()
        engine.clock.advance(by: .seconds(90 * 86_400))
        try await engine.authority.maintain()
        // This one has not heard of it.
        try await node.authority.maintain()
        #expect(try await engine.storage.keys().count == 4)
        #expect(node.authority.keys.jwks == engine.authority.keys.jwks)
    }

    // MARK: Unknown keys

    @Test func aKeyThatAnotherProcessHasJustMadeIsLookedUp() async throws {
        let engine = try await Engine { $0.keys.publishLead = .zero }
        try await engine.add()
        let node = try await engine.other { $0.keys.publishLead = .zero }
        let key = try await node.authority.keys.rotate(.refreshTokenMAC)
        let tokens = try await node.signIn()
        #expect(UnauthenticatedRefreshToken(tokens.refreshToken).map { "\($0.keyID)" } == key.id)
        _ = try await engine.renew(tokens)
    }

    @Test func anUnknownKeyIsNoSignOutAndLookedUpOnceASecond() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        let real = try Base64URL.decode(tokens.refreshToken.dropFirst(4))
        func unknown(_ id: UInt8) -> String {
            var bytes = real
            bytes[1] = id
            return "mrt_" + Base64URL.encode(bytes)
        }
        let reads = engine.storage.keyReads
        let errors = try await withThrowingTaskGroup(of: AuthorityError?.self) { group in
            for id in UInt8(100)..<200 {
                group.addTask {
                    try await refusal { _ = try await engine.authority.renew(unknown(id), from: .implied) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.allSatisfy { $0?.code == .storageUnavailable && $0?.retryAfter == .seconds(1) })
        #expect(engine.storage.keyReads == reads + 1)
        engine.clock.advance(by: .milliseconds(999))
        _ = try await refusal { _ = try await engine.authority.renew(unknown(50), from: .implied) }
        #expect(engine.storage.keyReads == reads + 1)
        engine.clock.advance(by: .milliseconds(1))
        _ = try await refusal { _ = try await engine.authority.renew(unknown(50), from: .implied) }
        #expect(engine.storage.keyReads == reads + 2)
        // A clock that was set back does not stop it.
        engine.clock.advance(by: .seconds(-3_600))
        _ = try await refusal { _ = try await engine.authority.renew(unknown(50), from: .implied) }
        #expect(engine.storage.keyReads == reads + 3)
    }

    // MARK: Reading again

    /// A reload read the keys, then was slow; meanwhile a key was made. The slow one must not bring back the old.
    @Test func aSlowReloadDoesNotUndoALaterOne() async throws {
        let engine = try await Engine()
        let keys = engine.authority.keys
        let made = Recorded<KeyRecord>()
        engine.storage.afterNextKeyRead {
            if let record = try? await keys.rotate(.signing) { made.add(record) }
        }
        try await keys.reload()
        let new = try #require(made.all.first)
        #expect(keys.schedule(of: .signing).records.last == new)
        #expect(keys.jwks.text.contains(new.id))
    }
}

extension PublishedDocument {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension [UInt8] {
    func contains(_ part: ArraySlice<UInt8>) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
