import Foundation
import HTTPTypes
import NIOCore
import ServiceLifecycle
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct DirectRouteTests {
    private static let request = "POST /direct HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
    private static let hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n"

    @Test(arguments: [nil, "http/1.1"])
    func answersOnTheConnection(alpn: String?) async throws {
        let route = GatedRoute(isOpen: true)
        try await TransportServer.with(directly: route, isSecure: alpn != nil) { server in
            try await RawConnection.with(server, alpn: alpn) { connection in
                // Each waits for the answer before it: with one outstanding, a request goes to the router.
                for count in stride(from: 1, through: 5, by: 2) {
                    try await connection.send(Self.request + "\r\n")
                    try await connection.read { String(buffer: $0).bodies.count == count }
                    try await connection.send(Self.hello + "\r\n")
                    try await connection.read { String(buffer: $0).bodies.count == count + 1 }
                }
                try await connection.send(Self.request + "Connection: close\r\n\r\n")
                let text = try await connection.readToEnd()
                #expect(
                    text.bodies == ["directly", "hello", "directly", "hello", "directly", "hello", "directly"])
                #expect(text.components(separatedBy: "Connection: close").count == 2)
            }
        }
    }

    /// What comes behind a request that is answered directly waits for it, even where the client has ended its side.
    @Test(arguments: [false, true])
    func answersLeaveInOrder(clientEnds: Bool) async throws {
        let route = GatedRoute()
        try await TransportServer.with(directly: route, isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                let last = clientEnds ? Self.hello : Self.hello + "Connection: close\r\n"
                try await connection.send(
                    [Self.request, Self.hello, Self.request, last].map { $0 + "\r\n" }.joined())
                if clientEnds { connection.finish() }
                await route.isReached.wait()
                #expect(connection.received.readableBytes == 0)
                route.isOpen.mark()
                let text = try await connection.readToEnd()
                // The third finds the second with the router.
                #expect(text.bodies == ["directly", "hello", "by the router", "hello"])
            }
        }
    }

    @Test func whatItRefusesIsEncodedAsOtherAnswersAre() async throws {
        let route = GatedRoute(isOpen: true)
        try await TransportServer.with(directly: route, isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                let refused = Self.request.replacing("Length: 0", with: "Length: 2") + "\r\nno"
                try await connection.send(refused + refused + Self.hello + "Connection: close\r\n\r\n")
                let text = try await connection.readToEnd()
                #expect(text.bodies == ["refused", "refused", "hello"])
                #expect(text.components(separatedBy: "HTTP/1.1 418 ").count == 3)
            }
        }
    }

    @Test func anOlderVersionGoesToTheRouter() async throws {
        try await TransportServer.with(directly: GatedRoute(), isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(Self.request.replacing("HTTP/1.1", with: "HTTP/1.0") + "\r\n")
                #expect(try await connection.readToEnd().bodies == ["by the router"])
            }
        }
    }

    @Test func aShutdownWaitsForTheAnswer() async throws {
        let route = GatedRoute()
        try await TransportServer.with(directly: route, isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(Self.request + "\r\n")
                await route.isReached.wait()
                await server.services.triggerGracefulShutdown()
                route.isOpen.mark()
                #expect(try await connection.readToEnd().bodies == ["directly"])
            }
        }
    }

    /// What it has done is still to be reported, though nobody takes the answer.
    @Test func aShutdownWaitsForTheAnswerToAClientThatHasGone() async throws {
        let (route, log) = (GatedRoute(), CapturedLog())
        try await TransportServer.with(directly: route, isSecure: false, logger: log.logger) { server in
            try await askAndGo(server, route)
            await server.services.triggerGracefulShutdown()
            route.isOpen.mark()
        }
        #expect(route.isAnswered.isMarked)
        #expect(!log.lines.contains { $0.contains("did not end in time") })
    }

    /// It would not get to its deadline if nothing was waited for.
    @Test func aShutdownWaitsForSuchAnAnswerToItsDeadline() async throws {
        let (route, log) = (GatedRoute(), CapturedLog())
        var limits = ListenerLimits()
        limits.shutdownDeadline = .milliseconds(300)
        try await TransportServer.with(directly: route, isSecure: false, limits: limits, logger: log.logger) { server in
            try await askAndGo(server, route)
        }
        #expect(!route.isAnswered.isMarked)
        #expect(log.lines.contains { $0.contains("did not end in time") })
        route.isOpen.mark()
    }

    /// Returns once the server answers, and the client's connection is no more.
    private func askAndGo(_ server: TransportServer, _ route: GatedRoute) async throws {
        try await RawConnection.with(server) { connection in
            try await connection.send(Self.request + "\r\n")
            await route.isReached.wait()
            try await connection.reset()
        }
    }

    @Test func aClientThatHasGoneIsNotAnswered() async throws {
        let route = GatedRoute()
        try await TransportServer.with(directly: route, isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                try await connection.send(Self.request + "\r\n" + Self.hello + "\r\n")
                await route.isReached.wait()
            }
            route.isOpen.mark()
            try await RawConnection.with(server) { connection in
                try await connection.send(Self.request + "Connection: close\r\n\r\n")
                #expect(try await connection.readToEnd().bodies == ["directly"])
            }
        }
    }

    /// Reading stops meanwhile, so a client cannot fill the server's memory with requests.
    @Test func littleIsHeldBack() async throws {
        let route = GatedRoute()
        try await TransportServer.with(directly: route, isSecure: false) { server in
            try await RawConnection.with(server) { connection in
                let many = 2_000
                try await connection.send(Self.request + "\r\n")
                await route.isReached.wait()
                async let sent: Void = connection.send(
                    String(repeating: Self.hello + "\r\n", count: many) + Self.hello + "Connection: close\r\n\r\n")
                route.isOpen.mark()
                let text = try await connection.readToEnd()
                try await sent
                #expect(text.bodies == ["directly"] + Array(repeating: "hello", count: many + 1))
            }
        }
    }
}

/// Takes `POST /direct`, and answers once it is open. A request with content is refused.
private struct GatedRoute: DirectRoute {
    let isReached = Reached()
    let isOpen = Reached()
    let isAnswered = Reached()

    init(isOpen: Bool = false) {
        if isOpen { self.isOpen.mark() }
    }

    func takes(_ request: HTTPRequest) -> Bool {
        request.method == .post && request.path == "/direct"
    }

    func answer(to request: AssembledRequest, on channel: any Channel) async -> DirectAnswer {
        isReached.mark()
        await isOpen.wait()
        defer { isAnswered.mark() }
        if request.body.readableBytes > 0 {
            return .response(
                HTTPResponse(status: .init(code: 418), headerFields: [.contentLength: "7"]),
                body: ByteBuffer(string: "refused"))
        }
        return .encoded(
            head: ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n"), body: Array("directly".utf8))
    }
}

extension String {
    /// The contents of the answers that are whole, by their lengths.
    fileprivate var bodies: [String] {
        var rest = self[...]
        var bodies: [String] = []
        while let end = rest.range(of: "\r\n\r\n") {
            let length =
                rest[..<end.lowerBound].lowercased().firstMatch(of: /content-length: (\d+)/)
                .flatMap { Int($0.output.1) } ?? 0
            let body = rest[end.upperBound...].utf8.prefix(length)
            guard body.count == length else { break }
            bodies.append(String(decoding: body, as: UTF8.self))
            rest = rest[body.endIndex...]
        }
        return bodies
    }
}
