import Foundation
import Hummingbird
import NIOCore
import Testing

@testable import MartletServer

/// A client that is slow at anything is let go; each test ends when the server ends the connection.
@Suite(.timeLimit(.minutes(10)))
struct DeadlineTests {
    /// The deadline under test is short, the others are too long to be met.
    private func limits(_ change: (inout ListenerLimits) -> Void) -> ListenerLimits {
        var limits = ListenerLimits.patient
        limits.closeDeadline = .milliseconds(200)
        change(&limits)
        return limits
    }

    @Test(arguments: [nil, "http/1.1", "h2"])
    func aConnectionWithoutARequestEnds(alpn: String?) async throws {
        let limits = limits { $0.headDeadline = .milliseconds(300) }
        try await TransportServer.with(isSecure: alpn != nil, limits: limits) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                // The deadline may have passed by the end of the handshake.
                if alpn == "h2" { try? await connection.send(HTTP2Bytes.opening) }
                _ = try await connection.readToEnd()
            }
        }
    }

    @Test func aHandshakeThatDoesNotBeginOrEndEnds() async throws {
        let limits = limits { $0.headDeadline = .milliseconds(300) }
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server) { connection in
                let answer = try await connection.readToEnd()
                #expect(answer == "")
            }
            try await RawConnection.with(server) { connection in
                // A record of 512 bytes with a ClientHello, which never comes to its end.
                try await connection.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC])
                connection.dribble(0x03, every: .milliseconds(50))
                _ = try await connection.readToEnd()
            }
        }
    }

    @Test(arguments: [nil, "http/1.1"])
    func aHeadSentByteByByteEnds(alpn: String?) async throws {
        let limits = limits { $0.headDeadline = .milliseconds(300) }
        try await TransportServer.with(isSecure: alpn != nil, limits: limits) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                try? await connection.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: ")
                connection.dribble(0x61)
                let answer = try await connection.readToEnd()
                #expect(answer == "")
            }
        }
    }

    @Test(arguments: [nil, "http/1.1"])
    func aBodySentByteByByteIsRefused(alpn: String?) async throws {
        let limits = limits { $0.bodyDeadline = .milliseconds(300) }
        try await TransportServer.with(isSecure: alpn != nil, limits: limits) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                try await connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
                connection.dribble(0x61)
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
                #expect(answer.contains(#""code":"request_timeout""#))
            }
        }
    }

    @Test(arguments: [nil, "http/1.1"])
    func anIdleConnectionEnds(alpn: String?) async throws {
        let limits = limits { $0.keepAlive = .milliseconds(300) }
        try await TransportServer.with(isSecure: alpn != nil, limits: limits) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                try await connection.send(request + request + request)
                try await connection.read {
                    String(buffer: $0).components(separatedBy: "\r\n\r\nhello").count == 4
                }
                // The head of a further request does not come to its end.
                try? await connection.send("GET /hello HTTP/1.1\r\nX: ")
                connection.dribble(0x61)
                let answer = try await connection.readToEnd()
                #expect(answer.components(separatedBy: "\r\n\r\nhello").count == 4)
            }
        }
    }

    @Test(arguments: [nil, "http/1.1", "h2"])
    func aClientThatDoesNotReadIsDropped(alpn: String?) async throws {
        let limits = limits { $0.writeDeadline = .milliseconds(300) }
        let router = Router<AuthorityRequestContext>.forTransportTests()
        let dropped = Reached()
        router.get("endless") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    do {
                        while true { try await writer.write(ByteBuffer(repeating: 0x61, count: 65_536)) }
                    } catch {
                        dropped.mark()
                        throw error
                    }
                })
        }
        try await TransportServer.with(router: router, isSecure: alpn != nil, limits: limits) { server in
            try await RawConnection.with(server, alpn: alpn, receiveBuffer: 8_192) { connection in
                if alpn == "h2" {
                    try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.get("/endless", stream: 1))
                } else {
                    try await connection.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
                }
                try await connection.stopReading()
                await dropped.wait()
            }
        }
    }

    @Test func theEndOfAConnectionThatTheClientKeepsOpenComes() async throws {
        let limits = limits { $0.closeDeadline = .milliseconds(300) }
        try await TransportServer.with(isSecure: false, limits: limits) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send("GET /hello HTTP/1.0\r\n\r\n")
                #expect(try await connection.readToEnd().hasSuffix("hello"))
                // The server reads on until its deadline; then what we send is answered with a reset.
                connection.dribble(0x61)
                try await connection.closed()
            }
        }
    }
}
