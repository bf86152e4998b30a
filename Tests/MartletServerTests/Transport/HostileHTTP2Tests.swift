import AsyncHTTPClient
import Hummingbird
import NIOCore
import NIOHTTP1
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct HostileHTTP2Tests {
    /// One stream that is slow does not hold the others, and ends by itself.
    @Test func aBodySentByteByByteIsRefused() async throws {
        var limits = ListenerLimits.patient
        limits.bodyDeadline = .milliseconds(300)
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.post("/echo", stream: 1))
                try await connection.send(HTTP2Bytes.data([0x61], stream: 1, ends: false))
                try await connection.send(HTTP2Bytes.get("/hello", stream: 3))
                // In either order.
                _ = try await connection.frames { $0.type == 0 && $0.stream == 3 && $0.flags & 1 == 1 }
                let frames = try await connection.frames { $0.type == 3 && $0.stream == 1 }
                #expect(frames.body(stream: 3) == "hello")
                #expect(frames.body(stream: 1).contains(#""code":"request_timeout""#))
                #expect(frames.last { $0.type == 3 }?.errorCode == 0)
                try await connection.send(HTTP2Bytes.get("/hello", stream: 5))
                #expect(
                    try await connection.frames { $0.stream == 5 && $0.type == 0 && $0.flags & 1 == 1 }
                        .body(stream: 5) == "hello")
            }
        }
    }

    @Test func aBodyBeyondTheLimitIsRefused() async throws {
        try await TransportServer.with { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.post("/echo", stream: 1))
                // The stream's window is 65,535; with the server's window updates there is room for one more.
                let part = [UInt8](repeating: 0x61, count: 16_000)
                for _ in 0..<4 { try await connection.send(HTTP2Bytes.data(part, stream: 1, ends: false)) }
                _ = try await connection.frames { $0.type == 8 && $0.stream == 1 }
                try await connection.send(HTTP2Bytes.data(part, stream: 1, ends: false))
                let frames = try await connection.frames { $0.type == 3 && $0.stream == 1 }
                #expect(frames.body(stream: 1).contains(#""code":"too_large""#))
            }
        }
    }

    @Test(arguments: [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only])
    func aLengthBeyondTheLimitIsRefused(version: HTTPClient.Configuration.HTTPVersion) async throws {
        try await TransportServer.with { server in
            try await server.withClient(version) { client in
                var request = HTTPClientRequest(url: server.url("/echo"))
                request.method = .POST
                request.body = .bytes(ByteBuffer(repeating: 0x61, count: 65_537))
                let response = try await client.execute(request, timeout: .seconds(300))
                #expect(response.status == .payloadTooLarge)
                #expect(response.headers.first(name: "Content-Type") == "application/problem+json")
            }
        }
    }

    @Test func headersBeyondTheLimitAreRefused() async throws {
        try await TransportServer.with { server in
            try await server.withClient { client in
                var request = HTTPClientRequest(url: server.url("/hello"))
                for number in 0..<20 {
                    request.headers.add(name: "x-\(number)", value: String(repeating: "a", count: 900))
                }
                let response = try await client.execute(request, timeout: .seconds(300))
                #expect(response.status == .requestHeaderFieldsTooLarge)
                #expect(response.version == .http2)
            }
        }
    }

    /// CONTINUATION frames that do not end hold no connection.
    @Test func aHeaderBlockSentByteByByteEndsTheConnection() async throws {
        var limits = ListenerLimits.patient
        limits.headDeadline = .milliseconds(300)
        limits.closeDeadline = .milliseconds(200)
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                let block = HTTP2Bytes.block(method: 0x82, "/hello")
                try? await connection.send(
                    HTTP2Bytes.opening + HTTP2Bytes.frame(type: 1, flags: 0x1, stream: 1, block))
                // A frame of 16,000 bytes begins.
                try? await connection.send([0x00, 0x3E, 0x80, 0x09, 0x00, 0x00, 0x00, 0x00, 0x01])
                connection.dribble(0x00)
                _ = try await connection.readToEnd()
            }
        }
    }

    /// CVE-2023-44487: streams that are opened and reset at once.
    @Test func aFloodOfResetsEndsTheConnection() async throws {
        try await TransportServer.with { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening)
                for number in 0..<UInt32(400) {
                    let stream = number * 2 + 1
                    try? await connection.send(
                        HTTP2Bytes.get("/hello", stream: stream) + HTTP2Bytes.reset(stream: stream))
                }
                let frames = try await connection.framesToEnd()
                #expect(frames.endWithCalmDown(within: 400))
            }
            // The server lives on.
            try await server.withClient { client in
                let request = HTTPClientRequest(url: server.url("/hello"))
                let response = try await client.execute(request, timeout: .seconds(300))
                #expect(response.status == .ok)
            }
        }
    }

    @Test(arguments: [6, 4] as [UInt8])
    func aFloodOfControlFramesEndsTheConnection(type: UInt8) async throws {
        try await TransportServer.with { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening)
                for number in 0..<UInt32(400) {
                    let frame =
                        type == 6 ? HTTP2Bytes.ping(number) : HTTP2Bytes.frame(type: 4, stream: 0, [])
                    try? await connection.send(frame)
                }
                let frames = try await connection.framesToEnd()
                #expect(frames.endWithCalmDown(within: 400))
            }
        }
    }

    /// A client that never opens its flow-control window takes no answer, and so holds a stream.
    @Test func aShutWindowHoldsNoStream() async throws {
        var limits = ListenerLimits.patient
        limits.writeDeadline = .milliseconds(300)
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                // SETTINGS_INITIAL_WINDOW_SIZE = 0.
                let settings = HTTP2Bytes.frame(type: 4, stream: 0, [0, 4, 0, 0, 0, 0])
                try await connection.send(HTTP2Bytes.opening + settings + HTTP2Bytes.get("/hello", stream: 1))
                let frames = try await connection.frames { $0.type == 3 && $0.stream == 1 }
                #expect(frames.contains { $0.type == 3 && $0.stream == 1 })
                #expect(frames.body(stream: 1) == "")
            }
        }
    }

    @Test func moreStreamsThanAllowedAreRefused() async throws {
        var limits = ListenerLimits.patient
        limits.streamsPerConnection = 3
        limits.closeDeadline = .milliseconds(200)
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening)
                // Our SETTINGS are acknowledged, so they are in force.
                try await connection.send(HTTP2Bytes.frame(type: 4, flags: 1, stream: 0, []))
                for stream in [1, 3, 5, 7] as [UInt32] {
                    try await connection.send(HTTP2Bytes.post("/echo", stream: stream))
                }
                let frames = try await connection.frames { $0.type == 3 || $0.type == 7 }
                #expect(frames.contains { $0.type == 3 && $0.stream == 7 || $0.type == 7 })
            }
        }
    }

    @Test func anIdleConnectionIsToldAndEnds() async throws {
        var limits = ListenerLimits.patient
        limits.keepAlive = .milliseconds(300)
        limits.closeDeadline = .milliseconds(200)
        try await TransportServer.with(limits: limits) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.get("/hello", stream: 1))
                // The PING is never answered.
                let frames = try await connection.framesToEnd()
                #expect(frames.body(stream: 1) == "hello")
                #expect(frames.contains { $0.type == 7 && $0.errorCode == 0 })
            }
        }
    }

    @Test(
        arguments: [
            // No :path; CONNECT; a path that is none.
            [0x82, 0x87, 0x01, 0x01, 0x61], [0x02, 0x07] + Array("CONNECT".utf8) + [0x01, 0x01, 0x61],
            [0x82, 0x87, 0x04, 0x05] + Array("hello".utf8) + [0x01, 0x01, 0x61],
            [0x82, 0x87, 0x04, 0x03] + Array("/\r\n".utf8) + [0x01, 0x01, 0x61],
            [0x82, 0x87, 0x04, 0x03, 0x2F, 0xC3, 0xA9, 0x01, 0x01, 0x61],
        ] as [[UInt8]])
    func aMalformedRequestReachesNoRoute(block: [UInt8]) async throws {
        var limits = ListenerLimits.patient
        limits.closeDeadline = .milliseconds(200)
        let log = CapturedLog()
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: RequestLog())
        router.get("**") { _, _ in "reached" }
        try await TransportServer.with(router: router, limits: limits, logger: log.logger) { server in
            try await RawConnection.with(server, alpn: "h2") { connection in
                try await connection.send(
                    HTTP2Bytes.opening + HTTP2Bytes.frame(type: 1, flags: 0x5, stream: 1, block))
                let frames = try await connection.frames {
                    $0.type == 3 || $0.type == 7 || $0.type == 0 && $0.flags & 1 == 1
                }
                #expect(!frames.body(stream: 1).contains("reached"))
            }
        }
        #expect(!log.lines.contains { $0.hasPrefix("info request ") && !$0.hasPrefix("info request refused ") })
    }
}
