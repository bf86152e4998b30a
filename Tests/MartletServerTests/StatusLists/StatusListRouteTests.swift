import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletServer
@testable import MartletTestKit

struct StatusListRouteTests {
    private static let path = "/oauth2/status-lists/0"

    private static func served(_ storage: InMemoryStorage = InMemoryStorage()) async throws -> ServedAuthority {
        let served = try await ServedAuthority(storage: storage) { $0.statusLists = true }
        try await served.addUser()
        return served
    }

    private static func payload(_ token: String) throws -> JSONValue {
        try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[1]))
    }

    /// Looks a token up as a foreign verifier does: whether it is revoked, by what the answer holds.
    private static func isRevoked(_ grant: Grant, in answer: Answered, of served: ServedAuthority) throws -> Bool {
        let status = try #require(try payload(grant.accessToken.token)["status"]?["status_list"])
        let index = try #require(status["idx"]?.integer)
        let verified = try JWS.verify(
            answer.text, keys: served.authority.keys.verificationKeys, expectedType: "statuslist+jwt")
        let list = try JSONValue(parsing: verified.payload)
        #expect(list["sub"] == status["uri"])
        #expect(list["status_list"]?["bits"] == 1)
        let bytes = try inflated(try #require(list["status_list"]?["lst"]?.string))
        return bytes[Int(index / 8)] >> UInt8(index % 8) & 1 == 1
    }

    @Test func aListIsWhatTheDraftSays() async throws {
        let served = try await Self.served()
        try await served.serve { api in
            let stays = try await api.signIn()
            let goes = try await api.signIn()
            let status = try Self.payload(goes.accessToken.token)["status"]
            #expect(
                status == ["status_list": ["idx": 1, "uri": .string(ServedAuthority.issuer + Self.path)]])

            let before = try await api.get(Self.path)
            #expect(before.status == 200)
            #expect(before.headers[.contentType] == "application/statuslist+jwt")
            #expect(before.headers[.cacheControl] == "public, max-age=1")
            #expect(before.headers[.accessControlAllowOrigin] == "*")
            let list = try Self.payload(before.text)
            let now = served.clock.now.seconds
            #expect(list["iss"]?.string == ServedAuthority.issuer)
            #expect(list["iat"]?.integer == now)
            #expect(list["exp"]?.integer == now + 120)
            #expect(list["ttl"]?.integer == 8)
            for grant in [stays, goes] { #expect(try !Self.isRevoked(grant, in: before, of: served)) }

            #expect(try await api.delete("/v1/sessions/current", as: goes.bearer).status == 204)
            served.clock.advance(by: .seconds(1))
            let after = try await api.get(Self.path)
            #expect(try Self.isRevoked(goes, in: after, of: served))
            #expect(try !Self.isRevoked(stays, in: after, of: served))
            // A renewed token looks up the same place.
            let renewed = try Grant(decoding: try await api.renew(stays.refresh).body)
            #expect(try Self.payload(renewed.accessToken.token)["status"]?["status_list"]?["idx"] == 0)
        }
    }

    @Test func anEndByAnotherProcessShows() async throws {
        let served = try await Self.served()
        let other = try await served.other()
        try await served.serve { api in
            let grant = try await api.signIn()
            #expect(try await !Self.isRevoked(grant, in: api.get(Self.path), of: served))
            try await other.authority.revoke(.session(grant.session.id))
            // As the watcher does, which looks ten times a second.
            try await served.authority.revocations.catchUp()
            served.clock.advance(by: .seconds(1))
            #expect(try await Self.isRevoked(grant, in: api.get(Self.path), of: served))
        }
    }

    /// What nobody told of is found out all the same, a little later.
    @Test func aListIsReadAgainWithoutBeingTold() async throws {
        let served = try await Self.served()
        let other = try await served.other()
        try await served.serve { api in
            let grant = try await api.signIn()
            _ = try await api.get(Self.path)
            try await other.authority.revoke(.session(grant.session.id))
            served.clock.advance(by: .seconds(4))
            #expect(try await Self.isRevoked(grant, in: api.get(Self.path), of: served))
        }
    }

    @Test func whatIsKnownIsNotSentTwice() async throws {
        let served = try await Self.served()
        try await served.serve { api in
            let grant = try await api.signIn()
            let first = try await api.get(Self.path)
            let tag = try #require(first.headers[.eTag])
            served.clock.advance(by: .milliseconds(3_999))
            let known = try await api.get(Self.path, headers: [.ifNoneMatch: tag])
            #expect(known.status == 304 && known.body.isEmpty)
            #expect(try await api.send(.head, Self.path).headers[.eTag] == tag)
            served.clock.advance(by: .milliseconds(1))
            let second = try await api.get(Self.path, headers: [.ifNoneMatch: tag])
            #expect(second.status == 200 && second.text != first.text)
            #expect(try Self.payload(second.text)["iat"]?.integer == served.clock.now.seconds)
            #expect(try !Self.isRevoked(grant, in: second, of: served))
            // A clock that was set back does not keep it either.
            served.clock.advance(by: .seconds(-60))
            let third = try await api.get(Self.path)
            #expect(try Self.payload(third.text)["iat"]?.integer == served.clock.now.seconds)
        }
    }

    @Test(arguments: ["1", "-1", "00", "+0", "0x0", "9223372036854775807", "9223372036854775808", "a", "%30%30", "0.0"])
    func aListThatIsNotThereIsNotFound(_ number: String) async throws {
        let served = try await Self.served()
        try await served.serve { api in
            _ = try await api.signIn()
            #expect(try await api.get("/oauth2/status-lists/\(number)").outcome == "404 not_found none")
        }
    }

    @Test func switchedOffThereIsNone() async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            #expect(try Self.payload(grant.accessToken.token)["status"] == nil)
            let answer = try await api.get(Self.path)
            #expect(answer.outcome == "404 not_found none")
            #expect(answer.detail.contains("statusList"))
        }
    }

    @Test func storageThatIsAwayIsNoAnswer() async throws {
        let served = try await Self.served()
        try await served.serve { api in
            _ = try await api.signIn()
            served.storage.fail(with: StorageError(.busy, detail: "locked"))
            #expect(try await api.get(Self.path).outcome == "503 storage_unavailable retry after 1")
            // Nothing of it is kept.
            served.storage.fail(with: nil)
            #expect(try await api.get(Self.path).status == 200)
        }
    }

    // MARK: What is kept

    @Test func whoAsksAtTheSameTimeSharesTheWork() async throws {
        let served = try await Self.served()
        try await served.serve { api in _ = try await api.signIn() }
        let lists = StatusListPublisher(authority: served.authority)
        let documents = try await withThrowingTaskGroup(of: PublishedDocument.self) { group in
            for _ in 0..<100 { group.addTask { try await lists.document(0) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(documents.count == 1)
        #expect(lists.madeCount == 1)
    }

    /// Many revocations do not have the list made for each of them.
    @Test func aListIsMadeOnceASecondAtMost() async throws {
        let served = try await Self.served()
        let lists = StatusListPublisher(authority: served.authority)
        try await served.serve { api in
            for number in 1...3 {
                let grants = [try await api.signIn(), try await api.signIn()]
                for grant in grants {
                    try await served.authority.revoke(.session(grant.session.id))
                    _ = try await lists.document(0)
                }
                #expect(lists.madeCount == number)
                served.clock.advance(by: .seconds(1))
            }
        }
    }

    @Test func onlySoManyAreKept() async throws {
        let served = try await Self.served()
        // As if there had been very many sign-ins.
        try served.storage.access { $0.nextStatusIndex = 200 * StatusList.size }
        let lists = StatusListPublisher(authority: served.authority)
        for number in 0..<200 as Range<Int64> { _ = try await lists.document(number) }
        #expect(lists.keptCount == 64)
        // Those that are not there push nothing out.
        for number in 200..<300 as Range<Int64> { _ = try? await lists.document(number) }
        #expect(lists.keptCount == 64)
        let made = lists.madeCount
        for number in 136..<200 as Range<Int64> { _ = try await lists.document(number) }
        #expect(lists.madeCount == made)
    }
}
