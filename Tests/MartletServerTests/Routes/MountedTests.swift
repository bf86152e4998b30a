import Hummingbird
import HummingbirdTesting
import MartletCore
import MartletServer
import NIOCore
import Testing

/// The routes in an app of a team's own, as `Examples/MountedAuthority` has them.
struct MountedTests {
    private struct AppContext: ClientAddressContext, RemoteAddressRequestContext {
        var coreContext: CoreRequestContextStorage
        let remoteAddress: SocketAddress?

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            remoteAddress = source.channel.remoteAddress
        }
    }

    @Test func answersBesideTheAppsOwnRoutes() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        let authority = served.authority
        let router = Router(context: AppContext.self, options: .autoGenerateHeadEndpoints)
        AuthorityRoutes(authority: authority).add(to: router)
        router.get("hello") { request, _ in
            "Hello, \(try await authority.requester(of: request).user.username)!"
        }
        try await Application(router: router).test(.live) { client in
            let credentials = #"{"username":"alice","password":"\#(ServedAuthority.password)"}"#
            let signIn = try await client.execute(
                uri: "/v1/sessions", method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(string: credentials))
            #expect(signIn.status == .created)
            let token = try #require(String(buffer: signIn.body).firstMatch(of: /"token":"([^"]+)"/)).output.1

            let hello = try await client.execute(
                uri: "/hello", method: .get, headers: [.authorization: "Bearer \(token)"])
            #expect(String(buffer: hello.body) == "Hello, alice!")
            let list = try await client.execute(
                uri: "/v1/sessions", method: .get, headers: [.authorization: "Bearer \(token)"])
            #expect(String(buffer: list.body).contains(#""address":"127.0.0.1""#))

            let refused = try await client.execute(uri: "/hello", method: .get)
            #expect(refused.status == .unauthorized)
            #expect(refused.headers[.wwwAuthenticate] == "Bearer")
            #expect(refused.headers[.contentType] == "application/problem+json")
            #expect(try await client.execute(uri: "/health/ready", method: .head).status == .ok)
            // One connection: an answer to HEAD with content would be taken for the next one.
            #expect(try await client.execute(uri: "/v1/me", method: .head).status == .unauthorized)
            #expect(try await client.execute(uri: "/v1/users", method: .head).status == .methodNotAllowed)
            #expect(try await client.execute(uri: "/health/live", method: .get).status == .ok)
        }
    }
}
