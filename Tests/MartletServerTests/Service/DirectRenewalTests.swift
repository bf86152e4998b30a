import Logging
import MartletCore
import MartletProtocol
import MartletTestKit
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import MartletServer

/// Renewals over HTTP/1.1, which do not go through the router; those over HTTP/1.0 do.
@Suite(.timeLimit(.minutes(10)))
struct DirectRenewalTests {
    private static let refusals: [(type: String, body: String)] = [
        ("application/json", #"{"refreshToken":"mrt_unknown"}"#), ("application/json", #"{"refreshToken":1}"#),
        ("application/json", "{}"), ("application/json", "[1"), ("application/json", ""),
        ("text/plain", #"{"refreshToken":"mrt_unknown"}"#), ("application/json; charset=latin1", "{}"),
    ]

    @Test func answersAsTheRouterDoes() async throws {
        try await serve { port, server in
            _ = try await server.authority.addUser(
                username: "alice", password: ServedAuthority.password, email: nil, roles: ["admin"])
            let client = try #require(try await server.authority.clients.client("first-party"))
            let first = try await server.authority.signIn(
                SignIn(
                    username: "alice", password: ServedAuthority.password, client: client, device: nil,
                    presenter: Presenter()))

            let direct = try await ask(port, "HTTP/1.1", #"{"refreshToken":"\#(first.refreshToken)"}"#)
            let grant = try Grant(decoding: Array(direct.body.utf8))
            let token = try #require(grant.refreshToken).refreshToken
            let routed = try await ask(port, "HTTP/1.0", #"{ "refreshToken": "\#(token)" }"#)
            let next = try Grant(decoding: Array(routed.body.utf8))
            #expect(direct.status == "200 OK")
            #expect(routed.status == "200 OK")
            #expect(direct.fields == routed.fields)
            #expect(grant.user == next.user)
            #expect(grant.session == next.session)

            // The first one again: late, with both.
            let body = #"{"refreshToken":"\#(first.refreshToken)"}"#
            #expect(try await ask(port, "HTTP/1.1", body) == (try await ask(port, "HTTP/1.0", body)))
            for (type, body) in Self.refusals {
                let direct = try await ask(port, "HTTP/1.1", type: type, body)
                let routed = try await ask(port, "HTTP/1.0", type: type, body)
                #expect(direct == routed, "\(type) \(body.prefix(40))")
                #expect(direct.status.hasPrefix("4"))
            }
        }
    }

    private struct Answer: Equatable {
        var status = ""
        /// Without what differs from one answer to the next, and in order.
        var fields: [String] = []
        var body = ""

        init(_ text: String) {
            let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            let lines = parts[0].split(separator: "\r\n").map(String.init)
            status = String(lines.first?.dropFirst("HTTP/1.1 ".count) ?? "")
            let perAnswer = ["x-request-id: ", "date: ", "content-length: ", "connection: "]
            fields = lines.dropFirst().filter { line in !perAnswer.contains { line.lowercased().hasPrefix($0) } }
                .sorted()
            let count = lines.compactMap { $0.lowercased().wholeMatch(of: /content-length: (\d+)/)?.output.1 }
            body = parts.count > 1 ? String(parts[1]) : ""
            // Each of these once.
            for name in perAnswer.dropLast() {
                #expect(lines.filter { $0.lowercased().hasPrefix(name) }.count == 1, "\(name)")
            }
            #expect(count == ["\(body.utf8.count)"])
        }
    }

    private func ask(
        _ port: Int, _ version: String, type: String = "application/json", _ body: String
    ) async throws -> Answer {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(
                ByteBuffer(
                    string: "POST \(RenewalRoute.path) \(version)\r\nHost: localhost\r\nContent-Type: \(type)\r\n"
                        + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"))
            var text = ""
            for try await part in inbound { text += String(buffer: part) }
            return Answer(text)
        }
    }

    private func serve(_ work: (_ port: Int, AuthorityServer) async throws -> Void) async throws {
        var configuration = ServerConfiguration()
        configuration.listen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.plainHTTP = true
        configuration.management.listen = nil
        let server = try await AuthorityServer(
            configuration, storage: InMemoryStorage(), masterKey: MasterKey(), tls: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(
            services: [server], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await work(server.address.port, server)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
