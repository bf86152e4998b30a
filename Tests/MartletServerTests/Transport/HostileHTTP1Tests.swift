import Foundation
import Hummingbird
import Testing

@testable import MartletServer

/// What two readers of one byte stream could understand differently is refused (RFC 9112 §11.2), with a problem
/// document, and the connection ends: nothing that follows is taken for a request.
@Suite(.timeLimit(.minutes(10)))
struct HostileHTTP1Tests {
    private static let second = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(arguments: [
        // Two lengths, equal or not.
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
        // A length that is not digits.
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\nx",
        // Length and chunks.
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        // Encodings that are not one `chunked`.
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0B}chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        // Chunks that are not chunks.
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        // Folded lines, control characters, blanks where none belong.
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n",
        "GET /hello HTTP/1.1\r\n X: 1\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\0 2\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX\0: 1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\u{01}2\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\u{7F}2\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\rX: 1\r\n\r\n",
        // Hosts.
        "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        // Targets and request lines.
        "GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1.1\r\nHost: a\r\n\r\n",
        "GET /hello\r\nHost: a\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "NOT@METHOD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{03}\u{01}\u{02}",
        // What takes long to compare.
        "GET /hello HTTP/1.1\r\nHost: a\r\nOrigin: a\(String(repeating: "\u{301}", count: 31))\r\n\r\n",
    ])
    func isRefused(request: String) async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(request + Self.second)
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
                #expect(answer.contains("Content-Type: application/problem+json"))
                #expect(answer.contains("Connection: close"))
                #expect(answer.hasSuffix("}"), "one answer, whole: \(answer)")
            }
        }
    }

    /// With the id that the answer has, who sent it and why, and nothing of the request.
    @Test func aRefusalIsLogged() async throws {
        let log = CapturedLog()
        try await TransportServer.with(host: "127.0.0.1", isSecure: false, logger: log.logger) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send("GET /hello HTTP/1.1\r\nHost: a\r\nHost: secret\r\n\r\n")
                let answer = try await connection.readToEnd()
                let id = try #require(answer.firstMatch(of: /X-Request-Id: ([0-9a-f]{16})\r\n/)?.output.1)
                let line = try #require(log.lines.first { $0.hasPrefix("info request refused") })
                #expect(line.contains("address=127.0.0.1"))
                #expect(line.contains("reason=the request needs one Host header field"))
                #expect(line.contains("request=\(id)"))
                #expect(line.contains("status=400"))
                #expect(!line.contains("secret"))
            }
        }
    }

    @Test(arguments: [
        "GET http://a/hello HTTP/1.1\r\nHost: b\r\n\r\n", "GET HTTPS://a:1/hello HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET /hello?a=b HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: \t 1 \t\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nX: \u{E9}\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\(String(repeating: "\u{301}", count: 30))\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    ])
    func isAnswered(request: String) async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(request)
                connection.finish()
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                #expect(answer.hasSuffix("hello"))
            }
        }
    }

    @Test(arguments: [
        "X: " + String(repeating: "a", count: 17_000),
        (0..<40).map { "X-\($0): " + String(repeating: "a", count: 500) }.joined(separator: "\r\n"),
        (0..<200).map { "X-\($0): a" }.joined(separator: "\r\n"),
        String(repeating: "a", count: 17_000) + ": a",
    ])
    func aHeaderThatIsTooLongIsRefused(fields: String) async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send("GET /hello HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
                #expect(answer.contains(#""code":"headers_too_large""#))
            }
        }
    }

    @Test func aTargetThatIsTooLongIsRefused() async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await connection.readToEnd().hasPrefix("HTTP/1.1 431 "))
            }
        }
    }

    @Test(arguments: [0, 1, 65_535, 65_536], [true, false])
    func aBodyWithinTheLimitArrivesWhole(size: Int, isChunked: Bool) async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                let body = String(repeating: "b", count: size)
                let chunk = size == 0 ? "" : "\(String(size, radix: 16))\r\n\(body)\r\n"
                try await connection.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                        + (isChunked
                            ? "Transfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n"
                            : "Content-Length: \(size)\r\n\r\n\(body)"))
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(answer.hasSuffix("\r\n\r\n" + body))
            }
        }
    }

    /// The answer arrives although the client goes on sending.
    @Test(arguments: [true, false], [nil, "http/1.1"])
    func aBodyBeyondTheLimitIsRefused(isChunked: Bool, alpn: String?) async throws {
        try await TransportServer.with(isSecure: alpn != nil) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                let size = 4 << 20
                try await connection.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\n"
                        + (isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(size)\r\n\r\n"))
                let part = String(repeating: "b", count: 65_536)
                for _ in 0..<(size / part.utf8.count) {
                    // The server may have ended the connection by then.
                    try? await connection.send(isChunked ? "10000\r\n\(part)\r\n" : part)
                }
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
                #expect(answer.contains(#""code":"too_large""#))
            }
        }
    }

    @Test func aBodyThatIsCutOffNeverReachesARoute() async throws {
        let router = Router<AuthorityRequestContext>.forTransportTests()
        let reached = Reached()
        router.post("act") { _, _ in
            reached.mark()
            return "acted"
        }
        try await TransportServer.with(router: router, host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send("POST /act HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")
                connection.finish()
                #expect(try await connection.readToEnd() == "")
            }
        }
        #expect(!reached.isMarked)
    }

    /// The answer to what was asked first leaves first, also where what follows is refused.
    @Test func aRefusalWaitsItsTurn() async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirstGET /hello HTTP/1.1\r\n\r\n")
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                let first = try #require(answer.range(of: "firstHTTP/1.1 400 "))
                #expect(answer[first.upperBound...].contains("one Host header field"))
            }
        }
    }
}
