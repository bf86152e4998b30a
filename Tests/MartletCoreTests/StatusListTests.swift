import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct StatusListTests {
    // MARK: The bits

    /// Draft §4.1: the first token's bit is the least of the first byte.
    @Test func theBitsAreAsInTheDraft() throws {
        let bits = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
        let live = bits.indices.filter { bits[$0] == 0 }.map(Int64.init)
        let list = try #require(StatusList(0, SessionStatuses(next: 16, live: live), size: 16))
        #expect(list.bytes == [0xB9, 0xA3])
    }

    @Test(arguments: [1, 7, 8, 9, 31, 32] as [Int64])
    func onlyWhatWasGivenAndIsOverIsSet(given: Int64) throws {
        let number: Int64 = 3
        let first = number * 32
        // With some that are of other lists.
        let live = (0..<given).filter { $0 % 3 == 0 }.map { first + $0 } + [0, first - 1, first + 32]
        let list = try #require(StatusList(number, SessionStatuses(next: first + given, live: live), size: 32))
        #expect(list.bytes.count == 4)
        for place in 0..<Int64(32) {
            let isSet = list.bytes[Int(place / 8)] >> UInt8(place % 8) & 1 == 1
            #expect(isSet == (place < given && place % 3 != 0), "\(place) of \(given)")
        }
    }

    @Test func aListThatIsFullIsNotTouchedByLaterSessions() {
        let list = StatusList(0, SessionStatuses(next: 1 << 40, live: []))
        #expect(list?.bytes == [UInt8](repeating: 0xFF, count: 16_384))
    }

    @Test func aListIsThereFromItsFirstSession() {
        let size = StatusList.size
        #expect(StatusList(0, SessionStatuses(next: 0, live: [])) == nil)
        #expect(StatusList(1, SessionStatuses(next: size, live: [])) == nil)
        #expect(StatusList(1, SessionStatuses(next: size + 1, live: [size]))?.number == 1)
        for number in [-1, .min, .max, .max / size] { #expect(StatusList.indices(of: number) == nil) }
        #expect(StatusList.indices(of: .max / size - 1)?.count == Int(size))
    }

    // MARK: The authority

    private static func engine() async throws -> Engine {
        let engine = try await Engine { $0.statusLists = true }
        try await engine.add()
        return engine
    }

    private static func status(_ accessToken: String) throws -> JSONValue? {
        try JSONValue(parsing: Base64URL.decode(accessToken.split(separator: ".")[1]))["status"]
    }

    private static func reference(_ tokens: IssuedTokens) throws -> (uri: String?, index: Int64) {
        let list = try status(tokens.accessToken)?["status_list"]
        return (list?["uri"]?.string, try #require(list?["idx"]?.integer))
    }

    /// Whether the tokens' session is over, as a verifier would find.
    private static func isRevoked(_ tokens: IssuedTokens, _ engine: Engine) async throws -> Bool {
        let (uri, index) = try reference(tokens)
        #expect(uri == Engine.issuer + "/oauth2/status-lists/0")
        let list = try await engine.authority.statusList(0)
        return list.bytes[Int(index / 8)] >> UInt8(index % 8) & 1 == 1
    }

    @Test func eachSessionHasAnIndexThatItsTokensKeep() async throws {
        let engine = try await Self.engine()
        let first = try await engine.signIn()
        let second = try await engine.signIn()
        engine.clock.advance(by: .seconds(100))
        let renewed = try await engine.renew(second)
        #expect(try Self.reference(first).index == 0)
        #expect(try Self.reference(second).index == 1)
        #expect(try Self.reference(renewed) == Self.reference(second))
        #expect(try await !Self.isRevoked(renewed, engine))
        _ = try await engine.requester(renewed)
    }

    @Test(arguments: ["session", "user", "client", "all", "password", "sign-out", "replay"])
    func everyEndShows(_ kind: String) async throws {
        let engine = try await Self.engine()
        let tokens = try await engine.signIn()
        #expect(try await !Self.isRevoked(tokens, engine))
        let authority = engine.authority
        switch kind {
        case "session": try await authority.revoke(.session(tokens.session.id))
        case "user": try await authority.revoke(.user(tokens.user.id))
        case "client": try await authority.revoke(.client(tokens.session.clientID))
        case "all": try await authority.revoke(.all(before: nil))
        case "password": try await authority.setPassword(of: "alice", to: "a new password for her")
        case "sign-out": try await authority.signOut(engine.requester(tokens))
        default:
            let second = try await engine.renew(tokens)
            _ = try await engine.renew(second)
            engine.clock.advance(by: .seconds(3_600))
            #expect(try await refusal { _ = try await engine.renew(tokens) }?.reason == .replayDetected)
        }
        #expect(try await Self.isRevoked(tokens, engine))
        // The next session is none the worse for it.
        engine.clock.advance(by: .seconds(1))
        let password = kind == "password" ? "a new password for her" : Engine.password
        let next = try await engine.signIn(password: password)
        #expect(try Self.reference(next).index == 1)
        #expect(try await !Self.isRevoked(next, engine))
    }

    /// A session that is forgotten at once does not come back to life.
    @Test func aSessionThatWasForgottenStaysRevoked() async throws {
        let engine = try await Engine {
            $0.statusLists = true
            $0.keepEnded = .zero
        }
        try await engine.add()
        let tokens = try await engine.signIn()
        try await engine.authority.revoke(.session(tokens.session.id))
        engine.clock.advance(by: .seconds(60))
        try await engine.authority.maintain()
        #expect(try await engine.authority.session(tokens.session.id) == nil)
        #expect(try await Self.isRevoked(tokens, engine))
    }

    @Test func whatHasNoSessionHasNoStatus() async throws {
        let engine = try await Self.engine()
        _ = try await engine.authority.addClient(NewClient(id: "api", isPublic: false))
        let client = try #require(try await engine.authority.clients.client("api"))
        #expect(try Self.status(try await engine.authority.issueClientToken(for: client).accessToken) == nil)
    }

    @Test func switchedOffThereIsNeither() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        #expect(try Self.status(tokens.accessToken) == nil)
        #expect(try Self.status(try await engine.renew(tokens).accessToken) == nil)
        #expect(try await refusal { _ = try await engine.authority.statusList(0) }?.code == .notFound)
    }

    /// Sessions from before have an index, too.
    @Test func switchedOnTheNextTokenHasIt() async throws {
        let before = try await Engine()
        try await before.add()
        let tokens = try await before.signIn()
        let engine = try await before.other { $0.statusLists = true }
        let renewed = try await engine.renew(tokens)
        #expect(try await !Self.isRevoked(renewed, engine))
        try await before.authority.revoke(.session(tokens.session.id))
        #expect(try await Self.isRevoked(renewed, engine))
    }

    @Test func aListThatIsNotThereIsNotFound() async throws {
        let engine = try await Self.engine()
        for number in [0, 1, -1, .max] as [Int64] {
            #expect(try await refusal { _ = try await engine.authority.statusList(number) }?.code == .notFound)
        }
        _ = try await engine.signIn()
        #expect(try await engine.authority.statusList(0).number == 0)
        #expect(try await refusal { _ = try await engine.authority.statusList(1) }?.code == .notFound)
    }

    @Test func aListIsNotFoundOnlyWhereStorageSaysSo() async throws {
        let engine = try await Self.engine()
        engine.storage.base.fail(with: StorageError(.busy, detail: "locked"))
        #expect(try await refusal { _ = try await engine.authority.statusList(0) }?.code == .storageUnavailable)
    }
}
