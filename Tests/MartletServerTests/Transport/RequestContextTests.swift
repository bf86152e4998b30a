import Foundation
import HTTPTypes
import Hummingbird
import Logging
import MartletProtocol
import NIOCore
import Testing

@testable import MartletServer

struct ForwardedAddressTests {
    private let trusted = ["10.0.0.0/8", "::1", "127.0.0.1"].map { AddressRange(text: $0)! }

    @Test(
        arguments: [
            // X-Forwarded-For, Forwarded, the client.
            ([], [], "10.0.0.1"),
            (["203.0.113.7"], [], "203.0.113.7"),
            (["203.0.113.7, 10.1.1.1"], [], "203.0.113.7"),
            // What a client wrote stands further left.
            (["198.51.100.1, 203.0.113.7"], [], "203.0.113.7"),
            (["127.0.0.1, 203.0.113.7, 10.1.1.1"], [], "203.0.113.7"),
            // Several lines are one list.
            (["198.51.100.1", "203.0.113.7", "10.1.1.1"], [], "203.0.113.7"),
            (["10.2.2.2, 10.1.1.1"], [], "10.2.2.2"),
            (["[2001:db8::1]:443"], [], "2001:db8::1"), (["2001:db8::1"], [], "2001:db8::1"),
            (["203.0.113.7:1234"], [], "203.0.113.7"), (["\t203.0.113.7 \t"], [], "203.0.113.7"),
            (["::ffff:203.0.113.7"], [], "203.0.113.7"), (["203.0.113.7, ::ffff:10.1.1.1"], [], "203.0.113.7"),
            // Hops that are no addresses end the reading at the last proxy that is known.
            (["unknown"], [], "10.0.0.1"), (["203.0.113.7, unknown"], [], "10.0.0.1"),
            (["203.0.113.7, unknown, 10.1.1.1"], [], "10.1.1.1"), ([""], [], "10.0.0.1"), ([","], [], "10.0.0.1"),
            (["203.0.113.7,"], [], "10.0.0.1"), (["203.0.113.7.8"], [], "10.0.0.1"), (["0xCB007107"], [], "10.0.0.1"),
            (["203.0.113.7:"], [], "10.0.0.1"), (["203.0.113.7:99999"], [], "10.0.0.1"),
            (["[2001:db8::1"], [], "10.0.0.1"),
            (["[2001:db8::1]x"], [], "10.0.0.1"), (["fe80::1%eth0"], [], "10.0.0.1"), (["localhost"], [], "10.0.0.1"),
            (["203.0.113.7\u{0}"], [], "10.0.0.1"), (["\"203.0.113.7\""], [], "10.0.0.1"),
            // Forwarded.
            ([], ["for=203.0.113.7"], "203.0.113.7"), ([], ["For=\"203.0.113.7:80\";proto=https"], "203.0.113.7"),
            ([], ["for=198.51.100.1, for=\"[2001:db8::7]:4711\";by=10.0.0.1, for=10.1.1.1"], "2001:db8::7"),
            ([], ["proto=https;for=203.0.113.7;host=a"], "203.0.113.7"),
            ([], ["for=_hidden, for=10.1.1.1"], "10.1.1.1"),
            ([], ["for=198.51.100.1", "for=203.0.113.7"], "203.0.113.7"),
            ([], ["for=203.0.113.7;for=198.51.100.1"], "10.0.0.1"), ([], ["by=203.0.113.7"], "10.0.0.1"),
            // A quoted separator is no separator.
            ([], ["for=\"a,for=198.51.100.1\", for=203.0.113.7"], "203.0.113.7"),
            ([], ["for=\"198.51.100.1"], "10.0.0.1"), ([], ["for=\"203.0.113.7\\\", for=198.51.100.1"], "10.0.0.1"),
            // Both, in agreement or not.
            (["203.0.113.7"], ["for=203.0.113.7"], "203.0.113.7"), (["203.0.113.7"], ["for=198.51.100.1"], "10.0.0.1"),
        ] as [([String], [String], String)])
    func theClientIsTheFirstFromTheRightThatIsNoTrustedProxy(
        xForwardedFor: [String], forwarded: [String], client: String
    ) throws {
        let peer = try SocketAddress(ipAddress: "10.0.0.1", port: 4_000)
        let found = ForwardedAddress(trustedProxies: trusted)
            .client(peer: peer, forwarded: forwarded, xForwardedFor: xForwardedFor)
        let text = found.ipAddress ?? ""
        #expect((text.hasPrefix("::ffff:") ? String(text.dropFirst(7)) : text) == client)
    }

    @Test(arguments: [([], "127.0.0.1"), (["127.0.0.0/8"], "203.0.113.7"), (["10.0.0.0/8"], "127.0.0.1")])
    func onlyTrustedProxiesAreBelieved(proxies: [String], client: String) async throws {
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: ForwardedAddress(trustedProxies: proxies.map { AddressRange(text: $0)! }))
        router.get("address") { _, context in context.clientAddress }
        try await TransportServer.with(router: router, host: "127.0.0.1", isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "GET /address HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n")
                #expect(try await connection.readToEnd().hasSuffix("\r\n\r\n" + client))
            }
        }
    }

    @Test func theAddressOfAnHTTP2StreamIsTheConnections() async throws {
        try await TransportServer.with { server in
            try await RawConnection.with(server, host: "::1", alpn: "h2") { connection in
                try await connection.send(HTTP2Bytes.opening + HTTP2Bytes.get("/address", stream: 1))
                #expect(
                    try await connection.frames { $0.type == 0 && $0.flags & 1 == 1 }.body(stream: 1) == "::1")
            }
        }
    }
}

@Suite(.timeLimit(.minutes(10)))
struct RequestLogTests {
    @Test func aRequestIsOneLineWithoutSecrets() async throws {
        let log = CapturedLog()
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: RequestLog())
        router.add(middleware: SecurityHeaders(strictTransportSecurity: true))
        router.get("hello") { _, context in
            context.logger.info("from the route")
            return "hello"
        }
        let answer = try await TransportServer.with(
            router: router, host: "127.0.0.1", isSecure: false, logger: log.logger
        ) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "GET /hello?token=secret HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n"
                        + "X-Request-Id: forged\r\nConnection: close\r\n\r\n")
                return try await connection.readToEnd()
            }
        }
        let id = try #require(answer.firstMatch(of: /X-Request-Id: ([0-9a-f]{16})\r\n/)).1
        #expect(log.lines.first == "info from the route request=\(id)")
        let line = try #require(log.lines.last)
        let pattern =
            /info request address=127\.0\.0\.1 method=GET ms=\d+\.\d{3} path=\/hello request=([0-9a-f]{16}) status=200/
        #expect(try pattern.wholeMatch(in: line)?.1 == id, "\(line)")
        #expect(!log.lines.contains { $0.contains("secret") || $0.contains("forged") })
        for field in [
            "X-Content-Type-Options: nosniff", "Content-Security-Policy: default-src 'none'",
            "Strict-Transport-Security: max-age=31536000", "Referrer-Policy: no-referrer",
        ] {
            #expect(answer.contains(field), "\(field)")
        }
    }

    @Test func theLineNamesTheClientBehindAProxy() async throws {
        let log = CapturedLog()
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: ForwardedAddress(trustedProxies: [AddressRange(text: "127.0.0.1")!]))
        router.add(middleware: RequestLog())
        try await TransportServer.with(
            router: router, host: "127.0.0.1", isSecure: false, logger: log.logger
        ) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n")
                _ = try await connection.readToEnd()
            }
        }
        #expect(log.lines.contains { $0.contains("address=203.0.113.7 ") })
    }

    @Test func aRequestThatFailsIsLoggedWithItsStatus() async throws {
        let log = CapturedLog()
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: RequestLog())
        router.get("refused") { _, _ -> String in throw HTTPError(.forbidden) }
        router.get("fails") { _, _ -> String in throw UnexpectedFailure() }
        try await TransportServer.with(
            router: router, host: "127.0.0.1", isSecure: false, logger: log.logger
        ) { server in
            for path in ["/refused", "/fails", "/missing"] {
                try await RawConnection.with(server) { connection in
                    try await connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    #expect(try await connection.readToEnd().contains("X-Request-Id: "))
                }
            }
        }
        for (path, status) in [("/refused", 403), ("/fails", 500), ("/missing", 404)] {
            #expect(log.lines.contains { $0.contains("path=\(path) ") && $0.contains("status=\(status)") })
        }
    }

    @Test func theIdsOfRequestsDiffer() {
        let ids = Set((0..<1_000).map { _ in AuthorityRequestID().description })
        #expect(ids.count == 1_000)
        #expect(ids.allSatisfy { $0.count == 16 })
    }

    @Test(arguments: [
        ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 GMT"),
    ])
    func theDateIsAnIMFFixdate(time: String, text: String) throws {
        #expect(HTTPDate.text(try #require(Timestamp(rfc3339: time))) == text)
    }
}
