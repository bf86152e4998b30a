import Logging
import MartletCore
import MartletTestKit
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import MartletServer

struct AuthorityServerTests {
    /// One connection takes an answer to HEAD and then the next one, and shutdown ends all that was started.
    @Test(.timeLimit(.minutes(10)))
    func servesUntilItIsShutDown() async throws {
        var configuration = ServerConfiguration()
        configuration.listen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.plainHTTP = true
        configuration.management.listen = nil
        let server = try await AuthorityServer(
            configuration, storage: InMemoryStorage(), masterKey: MasterKey(), tls: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(server.authority.settings.issuer == "http://127.0.0.1:\(server.address.port)")
        let group = ServiceGroup(
            services: [server], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let text = try await answers(
                port: server.address.port,
                to: [
                    "HEAD /nowhere HTTP/1.1", "HEAD /v1/me HTTP/1.1", "HEAD /v1/users HTTP/1.1",
                    "HEAD /health/live HTTP/1.1", "GET /health/live HTTP/1.1\r\nConnection: close",
                ])
            let statuses = text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) }
            #expect(statuses == ["404", "401", "405", "200", "200"])
            // The content of the last one, and no other.
            #expect(text.split(separator: "{").count == 2)
            #expect(text.hasSuffix(#"{"status":"live"}"#))

            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// `detection.places` is what detection places addresses by.
    @Test(.placesDatabase, .timeLimit(.minutes(10)))
    func whoTravelsIsFoundWhereThereIsADatabaseOfPlaces() async throws {
        try await PlacesDatabase.with { path in
            var configuration = ServerConfiguration()
            configuration.listen = ListenAddress(host: "127.0.0.1", port: 0)
            configuration.plainHTTP = true
            configuration.management.listen = nil
            configuration.passwords.parameters = PasswordParameters(memory: 7 << 20, iterations: 1)
            configuration.detection.places = path
            let log = CapturedLog()
            let server = try await AuthorityServer(
                configuration, storage: InMemoryStorage(), masterKey: MasterKey(), tls: nil, logger: log.logger)
            let authority = server.authority
            _ = try await authority.addUser(
                username: "alice", password: ServedAuthority.password, email: nil, roles: [])
            let client = try #require(try await authority.clients.client(ClientRegistration.firstPartyID))
            let tokens = try await authority.signIn(
                SignIn(
                    username: "alice", password: ServedAuthority.password, client: client,
                    presenter: Presenter(address: PlacesDatabase.inBerlin[0], userAgent: "Firefox/140.0")))
            _ = try await authority.renew(
                tokens.refreshToken, from: .implied,
                presenter: Presenter(address: PlacesDatabase.inWellington[0], userAgent: "Firefox/140.0"))
            let group = ServiceGroup(services: [server], logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                while !log.lines.contains(where: { $0.contains("alarm: travel") }) {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    /// What comes back on one connection, to its end.
    private func answers(port: Int, to heads: [String]) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            let requests = heads.map { "\($0)\r\nHost: localhost\r\n\r\n" }.joined()
            try await outbound.write(ByteBuffer(string: requests))
            var text = ""
            for try await part in inbound { text += String(buffer: part) }
            return text
        }
    }
}
