import AsyncHTTPClient
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct ShutdownTests {
    /// A route that tells when it was reached, and answers when it is let go.
    private struct SlowRoute {
        let router = Router<AuthorityRequestContext>.forTransportTests()
        let started = Reached()
        let release = Reached()

        init() {
            router.get("slow") { [started, release] _, _ in
                started.mark()
                await release.wait()
                return String(repeating: "whole", count: 10_000)
            }
        }
    }

    /// Begins the shutdown and waits until no more connections are accepted.
    private func shutDown(_ server: TransportServer) async throws {
        await server.services.triggerGracefulShutdown()
        while true {
            do {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: server.port).get()
                try await channel.close()
            } catch {
                return
            }
        }
    }

    @Test(arguments: [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only])
    func whatIsUnderWayIsAnswered(version: HTTPClient.Configuration.HTTPVersion) async throws {
        let slow = SlowRoute()
        try await TransportServer.with(router: slow.router) { server in
            try await server.withClient(version) { client in
                async let answer = client.execute(HTTPClientRequest(url: server.url("/slow")), timeout: .seconds(300))
                await slow.started.wait()
                try await shutDown(server)
                slow.release.mark()
                let response = try await answer
                #expect(response.status == .ok)
                if response.version == .http1_1 { #expect(response.headers.first(name: "Connection") == "close") }
                #expect(try await response.body.collect(upTo: 1 << 20).readableBytes == 50_000)
            }
        }
    }

    @Test func aRequestWhoseBodyIsOnItsWayIsAnswered() async throws {
        for alpn in [nil, "http/1.1"] {
            try await TransportServer.with(isSecure: alpn != nil) { server in
                try await RawConnection.with(server, alpn: alpn) { connection in
                    try await connection.send(
                        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
                    // The answer shows that the head has arrived.
                    _ = try await connection.read(untilText: "100 Continue\r\n\r\n")
                    try await shutDown(server)
                    try await connection.send("body")
                    let answer = try await connection.readToEnd()
                    #expect(answer.contains("Connection: close"))
                    #expect(answer.hasSuffix("body"))
                }
            }
        }
    }

    /// Also connections whose handshake is under way or that have not asked anything yet.
    @Test(arguments: [nil, "http/1.1"])
    func idleConnectionsEndAtOnce(alpn: String?) async throws {
        try await TransportServer.with(isSecure: alpn != nil) { server in
            try await RawConnection.with(server) { silent in
                try await RawConnection.with(server, alpn: alpn) { connection in
                    try await connection.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await connection.read(untilText: "hello").hasSuffix("hello"))
                    try await shutDown(server)
                    _ = try await connection.readToEnd()
                    #expect(try await silent.readToEnd() == "")
                }
            }
        }
    }

    @Test func idleHTTP2ConnectionsAreToldAndEnd() async throws {
        var limits = ListenerLimits.patient
        // Not what is tried here: the client may be slow to answer.
        limits.closeDeadline = .seconds(60)
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.get("/hello", stream: 1))
                _ = try await connection.frames { $0.type == 0 && $0.flags & 1 == 1 }
                try await shutDown(server)
                let ping = try #require(try await connection.frames { $0.type == 6 && $0.flags == 0 }.last)
                try await connection.send(HTTP2Bytes.frame(type: 6, flags: 1, stream: 0, ping.payload))
                let goAways = try await connection.framesToEnd().filter { $0.type == 7 }
                #expect(goAways.map { Array($0.payload.prefix(4)) } == [[0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 1]])
            }
        }
    }

    @Test(arguments: [nil, "http/1.1", "h2"])
    func whatDoesNotEndIsDropped(alpn: String?) async throws {
        var limits = ListenerLimits.patient
        limits.shutdownDeadline = .milliseconds(300)
        let router = Router(context: AuthorityRequestContext.self)
        let started = Reached()
        router.get("forever") { _, _ -> String in
            started.mark()
            for await _ in AsyncStream<Void>.makeStream().stream {}
            throw CancellationError()
        }
        try await TransportServer.with(router: router, isSecure: alpn != nil, limits: limits) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                if alpn == "h2" {
                    try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.get("/forever", stream: 1))
                } else {
                    try await connection.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n")
                }
                await started.wait()
                await server.services.triggerGracefulShutdown()
                _ = try await connection.readToEnd()
            }
        }
    }
}
