import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct TransportServingTests {
    @Test(arguments: [false, true])
    func servesOverTLS(http2: Bool) async throws {
        try await TransportServer.with { server in
            try await server.withClient(http2 ? .automatic : .http1Only) { client in
                for _ in 0..<3 {
                    var request = HTTPClientRequest(url: server.url("/echo"))
                    request.method = .POST
                    request.body = .bytes(ByteBuffer(string: "whole"))
                    let response = try await client.execute(request, timeout: .seconds(300))
                    #expect(response.status == .ok)
                    #expect(response.version == (http2 ? .http2 : .http1_1))
                    #expect(response.headers.first(name: "Date")?.hasSuffix(" GMT") == true)
                    #expect(try await String(buffer: response.body.collect(upTo: 100)) == "whole")
                }
            }
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1", "[::1]"], ["--http1.1", "--http2"])
    func curlTrustsTheLocalCA(host: String, version: String) async throws {
        try await TransportServer.with { server in
            let curl = try await CommandResult.of(
                "curl",
                [
                    "--silent", "--show-error", version, "--cacert", server.caFile, "--write-out", " %{http_version}",
                    server.url("/hello", host: host),
                ])
            #expect(curl.status == 0, "\(curl.output)")
            #expect(curl.output == "hello " + (version == "--http2" ? "2" : "1.1"))
        }
    }

    @Test func answersOneHundredRequestsAtOnceOnEachVersion() async throws {
        try await TransportServer.with { server in
            for version in [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only] {
                try await server.withClient(version) { client in
                    try await withThrowingTaskGroup(of: Bool.self) { group in
                        for number in 0..<100 {
                            group.addTask {
                                var request = HTTPClientRequest(url: server.url("/echo"))
                                request.method = .POST
                                request.body = .bytes(ByteBuffer(string: "\(number)"))
                                let response = try await client.execute(request, timeout: .seconds(300))
                                return try await String(buffer: response.body.collect(upTo: 100)) == "\(number)"
                            }
                        }
                        for try await isRight in group { #expect(isRight) }
                    }
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func aLargeAnswerArrivesWhole(http2: Bool) async throws {
        try await TransportServer.with { server in
            try await server.withClient(http2 ? .automatic : .http1Only) { client in
                let response = try await client.execute(
                    HTTPClientRequest(url: server.url("/large")), timeout: .seconds(300))
                #expect(try await response.body.collect(upTo: 9 << 20).readableBytes == 8 << 20)
            }
        }
    }

    /// Its answer says what GET's would, and its content is not taken for the next answer on the connection.
    @Test(arguments: [false, true])
    func headIsAnsweredWithoutContent(http2: Bool) async throws {
        try await TransportServer.with { server in
            try await server.withClient(http2 ? .automatic : .http1Only) { client in
                for method in [HTTPMethod.HEAD, .GET, .HEAD, .GET] {
                    var request = HTTPClientRequest(url: server.url("/hello"))
                    request.method = method
                    let response = try await client.execute(request, timeout: .seconds(300))
                    #expect(response.version == (http2 ? .http2 : .http1_1))
                    #expect(response.status == .ok)
                    #expect(response.headers.first(name: "Content-Length") == "5")
                    #expect(try await response.body.collect(upTo: 100).readableBytes == (method == .GET ? 5 : 0))
                }
            }
        }
    }

    @Test func servesPlainHTTPWhenToldSo() async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            #expect(server.port > 0)
            let curl = try await CommandResult.of(
                "curl", ["--silent", server.url("/hello", host: "127.0.0.1", scheme: "http")])
            #expect(curl.output == "hello")
        }
    }

    @Test func aTakenPortIsOneClearError() async throws {
        try await TransportServer.with(host: "127.0.0.1", isSecure: false) { server in
            let error = await #expect(throws: TransportError.self) {
                try await TransportServer.with(host: "127.0.0.1", port: server.port, isSecure: false) { _ in }
            }
            #expect(error?.code == .addressTaken)
            #expect(
                error?.message
                    == "127.0.0.1:\(server.port) is taken by another process; choose another with --listen")
        }
    }

    @Test func aPortThatIsTakenOnIPv6AloneIsTaken() async throws {
        try await TransportServer.with(host: "::1", isSecure: false) { server in
            let error = await #expect(throws: TransportError.self) {
                try await TransportServer.with(host: "localhost", port: server.port, isSecure: false) { _ in }
            }
            #expect(error?.code == .addressTaken)
        }
    }

    @Test(arguments: [
        ("192.0.2.1", TransportError.Code.addressUnavailable), ("no-such-host.invalid", .addressUnavailable),
    ])
    func anAddressOfAnotherMachineIsOneClearError(host: String, code: TransportError.Code) async throws {
        let error = await #expect(throws: TransportError.self) {
            try await TransportServer.with(host: host, isSecure: false) { _ in }
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(host) == true)
    }

    /// A start that fails after the port was taken.
    @Test func aListenerThatNeverServesGivesItsPortBack() async throws {
        var listener: AuthorityListener? = try await AuthorityListener(
            address: ListenAddress(host: "localhost", port: 0), tls: nil, logger: .silent)
        let address = try #require(listener).address
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: address.port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).get()
        listener = nil
        try await channel.closeFuture.get()
        while true {
            do {
                _ = try await AuthorityListener(address: address, tls: nil, logger: .silent)
                break
            } catch let error as TransportError where error.code == .addressTaken {}
        }
    }

    @Test func aFailureOfARouteTellsNothing() async throws {
        let log = CapturedLog()
        try await TransportServer.with(isSecure: false, logger: log.logger) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send("GET /fails HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                let answer = try await connection.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 500 "))
                #expect(answer.contains("application/problem+json"))
                #expect(answer.contains(#""code":"internal_error""#))
                #expect(!answer.contains("what only the server may know"))
            }
        }
        #expect(log.lines.contains { $0.contains("UnexpectedFailure") })
        #expect(!log.lines.contains { $0.contains("what only the server may know") })
    }

    @Test func anHTTP10ClientGetsItsAnswerAndTheEnd() async throws {
        try await TransportServer.with(isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send("GET /hello HTTP/1.0\r\n\r\n")
                let answer = try await connection.readToEnd()
                #expect(answer.hasSuffix("\r\n\r\nhello"))
                #expect(!answer.lowercased().contains("chunked"))
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await TransportServer.with(isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                let requests = (0..<20).map { number in
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\(100 + number)"
                }
                try await connection.send(
                    requests.joined() + "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                let answer = try await connection.readToEnd()
                let bodies = answer.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix(3) }
                #expect(bodies == (0..<20).map { "\(100 + $0)"[...] } + ["hel"])
            }
        }
    }

    @Test func aClientThatEndsItsSideStillGetsTheAnswer() async throws {
        for alpn in [nil, "http/1.1"] {
            try await TransportServer.with(isSecure: alpn != nil) { server in
                try await RawConnection.with(server, alpn: alpn) { connection in
                    try await connection.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    connection.finish()
                    #expect(try await connection.readToEnd().hasSuffix("hello"))
                }
            }
        }
    }

    @Test func waitsForContinueBeforeTheBody() async throws {
        try await TransportServer.with(isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"
                        + "Connection: close\r\n\r\n")
                #expect(try await connection.read(untilText: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await connection.send("body")
                #expect(try await connection.readToEnd().hasSuffix("body"))
            }
            try await RawConnection.with(server) { connection in
                try await connection.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await connection.readToEnd().hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    /// More connections than the limit wait, and get their turn.
    @Test func connectionsBeyondTheLimitWait() async throws {
        var limits = ListenerLimits.patient
        limits.connections = 2
        try await TransportServer.with(host: "127.0.0.1", isSecure: false, limits: limits) { server in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await RawConnection.with(server) { connection in
                            try await connection.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                            return try await connection.readToEnd()
                        }
                    }
                }
                for try await answer in group { #expect(answer.hasSuffix("hello")) }
            }
        }
    }
}
