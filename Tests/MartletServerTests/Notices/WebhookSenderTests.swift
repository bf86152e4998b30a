import MartletCore
import MartletProtocol
import MartletTestKit
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct WebhookSenderTests {
    private func request(_ url: String, body: String = "{}") throws -> WebhookRequest {
        WebhookRequest(
            url: try #require(WebhookURL(url)), fields: [("content-type", "application/json"), ("webhook-id", "one")],
            body: Array(body.utf8))
    }

    private func sender(
        isPrivateAllowed: Bool = true, timeout: Duration = .seconds(60), clock: TestClock = TestClock(),
        resolver: AddressResolver = .system
    ) throws -> WebhookSender {
        var options = WebhookOptions()
        options.timeout = timeout
        return try WebhookSender(
            options, allowsPrivateTargets: isPrivateAllowed, resolver: resolver, clock: clock.clock)
    }

    /// What a name resolves to, one answer after the other.
    private func resolver(_ answers: [String]..., asked: Asked = Asked()) -> AddressResolver {
        AddressResolver { _, port throws(DeliveryFailure) in
            let number = asked.count.withLock { count in
                defer { count += 1 }
                return count
            }
            return answers[min(number, answers.count - 1)].map { try! SocketAddress(ipAddress: $0, port: port) }
        }
    }

    private final class Asked: Sendable {
        let count = Mutex(0)
    }

    private func failure(_ work: () async throws -> Void) async throws -> DeliveryFailure? {
        await #expect(throws: DeliveryFailure.self) { try await work() }
    }

    @Test func postsWhatItIsToldTo() async throws {
        let receiver = try await RawReceiver(.status("200 OK", body: "fine"))
        let answer = try await sender().send(request("http://localhost:\(receiver.port)/hook?a=b", body: #"{"a":1}"#))
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == "fine")
        let text = try #require(receiver.requests.first)
        #expect(text.hasPrefix("POST /hook?a=b HTTP/1.1\r\n"))
        #expect(text.lowercased().contains("host: localhost:\(receiver.port)\r\n"))
        #expect(text.contains("webhook-id: one\r\n"))
        #expect(text.contains("user-agent: martlet-webhooks\r\n"))
        #expect(text.hasSuffix("\r\n\r\n{\"a\":1}"))
    }

    /// The name is resolved here and nowhere else, however it is written: the system knows nothing of this one.
    @Test(arguments: ["hooks.invalid", "Hooks.INVALID"])
    func connectsToTheAddressThatWasChecked(host: String) async throws {
        let receiver = try await RawReceiver()
        let asked = Asked()
        let sender = try sender(resolver: resolver(["127.0.0.1"], asked: asked))
        for _ in 0..<3 {
            #expect(try await sender.send(request("http://\(host):\(receiver.port)/")).status == 204)
        }
        #expect(receiver.requests.count == 3)
        #expect(receiver.requests[0].lowercased().contains("host: hooks.invalid:\(receiver.port)\r\n"))
        // Each time anew.
        #expect(asked.count.withLock { $0 } == 3)
    }

    /// There are more hosts than keep a connection, and the first of them is slow.
    @Test func aRequestUnderWayIsNotCutOffForOtherHosts() async throws {
        let receiver = try await RawReceiver(.hold)
        let sender = try sender(timeout: .seconds(3_600), resolver: resolver(["127.0.0.1"]))
        let slow = try request("http://h0.invalid:\(receiver.port)/")
        async let answer = sender.send(slow)
        while receiver.held == 0 { await Task.yield() }
        for number in 1...WebhookSender.mostClients {
            #expect(try await sender.send(request("http://h\(number).invalid:\(receiver.port)/")).status == 204)
        }
        receiver.release()
        let status = try await answer.status
        #expect(status == 204)
    }

    @Test func anAddressThatDoesNotAnswerIsFollowedByTheNext() async throws {
        let receiver = try await RawReceiver()
        let sender = try sender(resolver: resolver(["127.0.0.2", "127.0.0.1"]))
        // Nobody listens on 127.0.0.2 there.
        #expect(try await sender.send(request("http://a.invalid:\(receiver.port)/")).status == 204)
    }

    @Test(arguments: [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"]])
    func privateAddressesAreRefusedBeforeAnythingIsSent(addresses: [String]) async throws {
        let receiver = try await RawReceiver()
        let sender = try sender(isPrivateAllowed: false, resolver: resolver(addresses))
        let failure = try await failure {
            _ = try await sender.send(self.request("https://a.invalid:\(receiver.port)/"))
        }
        #expect(failure?.advice == .retry)
        #expect(failure?.reason.contains("which is not public") == true, "\(failure?.reason ?? "")")
        #expect(receiver.requests.isEmpty)
    }

    /// A name that is good when it is looked at and bad when it is used.
    @Test func aNameThatMovesToAPrivateAddressIsRefusedFromThenOn() async throws {
        let receiver = try await RawReceiver()
        // Loopback stands for the public address here.
        let moved = try sender(resolver: resolver(["127.0.0.1"], ["192.168.1.1"]))
        let request = try request("http://a.invalid:\(receiver.port)/")
        #expect(try await moved.send(request).status == 204)
        let failure = try await failure { _ = try await moved.send(request) }
        #expect(failure?.reason.contains("is not this machine") == true)
        #expect(receiver.requests.count == 1)
    }

    @Test(arguments: ["127.0.0.1", "127.1", "2130706433", "localhost", "[::1]"])
    func thisMachineIsRefusedByWhateverName(host: String) async throws {
        let receiver = try await RawReceiver()
        let sender = try sender(isPrivateAllowed: false)
        let failure = try await failure {
            _ = try await sender.send(self.request("https://\(host):\(receiver.port)/"))
        }
        #expect(failure?.reason.contains("which is not public") == true)
        #expect(receiver.requests.isEmpty)
    }

    @Test func redirectsAreNotFollowed() async throws {
        let inside = try await RawReceiver()
        let receiver = try await RawReceiver(
            .status("302 Found", "Location: http://127.0.0.1:\(inside.port)/\r\n"),
            .status("308 Permanent Redirect", "Location: http://127.0.0.1:\(inside.port)/\r\n"))
        let sender = try sender()
        for status in [302, 308] {
            #expect(try await sender.send(request("http://127.0.0.1:\(receiver.port)/")).status == status)
        }
        #expect(inside.requests.isEmpty)
    }

    @Test func whatDoesNotAnswerIsGivenUpInTime() async throws {
        // One for each: the short attempt may be over before it is there.
        let (hanging, closing) = (try await RawReceiver(then: .hang), try await RawReceiver(then: .close))
        let sender = try sender(timeout: .milliseconds(200))
        let slow = try await failure {
            _ = try await sender.send(self.request("http://127.0.0.1:\(hanging.port)/"))
        }
        #expect(slow?.reason == "no answer within 200ms")
        let closed = try await failure {
            _ = try await self.sender().send(self.request("http://127.0.0.1:\(closing.port)/"))
        }
        #expect(closed?.advice == .retry)
        #expect(closed?.reason.contains("failed") == true, "\(closed?.reason ?? "")")
        let nobody = try await OddPort.closed()
        let refused = try await failure { _ = try await sender.send(self.request("http://127.0.0.1:\(nobody)/")) }
        #expect(refused?.reason.contains("no connection to 127.0.0.1 port \(nobody)") == true)
    }

    @Test func theStatusCountsWhateverBecomesOfTheBody() async throws {
        let endless = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 100_000)
        let receiver = try await RawReceiver(.begin(endless), .begin("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"))
        let sender = try sender()
        let request = try request("http://127.0.0.1:\(receiver.port)/")
        let first = try await sender.send(request)
        #expect(first.status == 200)
        #expect(first.body.count == WebhookSender.longestAnswer)
        let second = try await sender.send(request)
        #expect(second.status == 200)
        #expect(String(decoding: second.body, as: UTF8.self) == "abc")
    }

    @Test(
        arguments: [
            ("7", Duration.seconds(7)), ("0", .zero), ("Thu, 01 Jan 2026 00:01:00 GMT", .seconds(60)),
            ("Wed, 31 Dec 2025 00:01:00 GMT", .zero), ("soon", nil), ("-1", nil), ("99999999999999999999", nil),
        ] as [(String, Duration?)])
    func theWishToBeAskedLaterIsRead(text: String, wait: Duration?) async throws {
        let receiver = try await RawReceiver(.status("429 Too Many Requests", "Retry-After: \(text)\r\n"))
        let answer = try await sender().send(request("http://127.0.0.1:\(receiver.port)/"))
        #expect(answer.status == 429)
        #expect(answer.retryAfter == wait)
    }

    @Test func certificatesThatCannotBeReadAreNamed() throws {
        var options = WebhookOptions()
        options.trustedCertificates = "/nowhere.pem"
        let error = #expect(throws: TransportError.self) {
            try WebhookSender(options, allowsPrivateTargets: false)
        }
        #expect(error?.message.contains("webhooks.trustedCertificates is /nowhere.pem") == true)
    }
}

enum OddPort {
    /// One that nobody listens on, a moment ago.
    static func closed() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}
