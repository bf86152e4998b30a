import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What clients are told that try too often, over a socket, since it goes by where they are.
struct RateLimitRouteTests {
    /// - Parameter proxies: whose `X-Forwarded-For` counts.
    private func serve(
        _ served: ServedAuthority, proxies: [AddressRange] = [], _ work: @Sendable (API) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.trustedProxies = proxies
        let router = AuthorityServer.router(served.authority, configuration, strictTransportSecurity: true)
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await app.test(.live) { client in try await work(API(client: client)) }
    }

    private func wrongPassword(_ api: API, from address: String) async throws -> String {
        try await api.send(
            .post, "/v1/sessions", headers: [HTTPField.Name("X-Forwarded-For")!: address], type: "application/json",
            body: Array(#"{"username":"alice","password":"wrong"}"#.utf8)
        ).outcome
    }

    @Test func signInsThatFailTooOftenAreToldWhenToComeBack() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await serve(served) { api in
            var outcomes: [String] = []
            // A client that is no trusted proxy changes nothing by what it says of its address.
            for number in 0..<12 { outcomes.append(try await wrongPassword(api, from: "198.51.\(number).1")) }
            #expect(
                outcomes == Array(repeating: "401 invalid_credentials none", count: 10)
                    + Array(repeating: "429 rate_limited retry after 300", count: 2))
        }
    }

    @Test func aTrustedProxyTellsItsClientsApart() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await serve(served, proxies: AddressRange.loopback) { api in
            var outcomes: [String] = []
            for number in 0..<30 { outcomes.append(try await wrongPassword(api, from: "198.51.100.\(number)")) }
            #expect(outcomes.filter { $0 == "429 rate_limited retry after 300" }.count == 20)
            #expect(try await wrongPassword(api, from: "203.0.113.1") == "401 invalid_credentials none")
            let answer = try await api.send(
                .post, "/v1/sessions", headers: [HTTPField.Name("X-Forwarded-For")!: "203.0.113.1"],
                type: "application/json",
                body: Array(#"{"username":"alice","password":"\#(ServedAuthority.password)"}"#.utf8))
            #expect(answer.status == 201)
        }
    }

    @Test func aSessionThatIsRenewedTooOftenGoesOn() async throws {
        let served = try await ServedAuthority { $0.rateLimits.renewals = RateLimit(2, then: .seconds(7)) }
        try await served.addUser()
        try await serve(served) { api in
            let grant = try await api.signIn()
            for _ in 0..<2 { #expect(try await api.renew(grant.refresh).status == 200) }
            #expect(try await api.renew(grant.refresh).outcome == "429 rate_limited retry after 7")
            let refused = try await api.refresh(grant.refresh, "&client_id=first-party")
            #expect(refused.outcome == "429 temporarily_unavailable retry after 7")
            served.clock.advance(by: .seconds(7))
            #expect(try await api.refresh(grant.refresh, "&client_id=first-party").status == 200)
        }
    }

    @Test func aClientThatIsTriedTooOftenIsToldSoInTheWordsOfOAuth() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await serve(served) { api in
            var outcomes: Set<String> = []
            for _ in 0..<40 {
                for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"] {
                    let answer = try await api.post(
                        path, as: .basic("backend", "wrong"), form: "grant_type=client_credentials&token=x")
                    outcomes.insert(answer.outcome)
                }
            }
            #expect(outcomes == ["401 invalid_client none", "429 temporarily_unavailable retry after 10"])
            let answer = try await api.post(
                "/oauth2/token", as: .basic("backend", secret), form: "grant_type=client_credentials")
            #expect(answer.status == 200)
        }
    }
}
