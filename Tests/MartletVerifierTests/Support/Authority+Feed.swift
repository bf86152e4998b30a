import HTTPTypes
import Hummingbird
import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletVerifier

/// The revocation feed of the test's authority, and what its client needs: events are sent when the test says so.
extension Authority {
    struct Feed: Sendable {
        /// What is sent instead of an access token, of a stream, or of the answer to an introspection.
        var tokenReply: Reply?
        var streamReply: Reply?
        var introspectionReply: Reply?
        var tokenLifetime: Duration = .seconds(1_800)
        /// Holds the answers of introspection back.
        var introspectionGate: Gate?
        /// Tokens that introspection calls inactive.
        var inactive: Set<String> = []

        var tokenRequests: [ClientRequest] = []
        var introspections: [ClientRequest] = []
        var subscriptions: [Subscription] = []
        fileprivate var streams: [AsyncThrowingStream<ByteBuffer, any Error>.Continuation] = []
    }

    struct ClientRequest: Sendable, Equatable {
        var authorization: String?
        var form: String
    }

    struct Subscription: Sendable, Equatable {
        var authorization: String?
        var lastEventID: String?
    }

    private struct BrokenOff: Error {}

    // MARK: What the test says

    func sendText(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends bytes on the newest stream.
    func send(_ bytes: [UInt8]) {
        let stream = get(\.feed.streams).last
        #expect(stream != nil)
        stream?.yield(ByteBuffer(bytes: bytes))
    }

    func send(_ name: RevocationEventName, _ cursor: String, _ entries: [RevocationEntry] = []) {
        send(Self.event(name, cursor, entries))
    }

    static func event(_ name: RevocationEventName, _ cursor: String, _ entries: [RevocationEntry] = []) -> [UInt8] {
        let update = RevocationUpdate(cursor: RevocationCursor(cursor)!, entries: entries)
        return Array("event: \(name.rawValue)\nid: \(cursor)\ndata: ".utf8) + update.encoded() + Array("\n\n".utf8)
    }

    /// Ends the newest stream, as at its end or in the middle.
    func endStream(brokenOff: Bool = false) {
        get(\.feed.streams).last?.finish(throwing: brokenOff ? BrokenOff() : nil)
    }

    func closeStreams() {
        for stream in get(\.feed.streams) { stream.finish() }
    }

    /// Returns once the stream has been opened so many times.
    func isSubscribed(times count: Int, sourceLocation: SourceLocation = #_sourceLocation) async {
        await eventually({ self.get(\.feed.streams).count >= count }, sourceLocation: sourceLocation)
    }

    func verifier(
        following whenStale: RevocationOptions.StalePolicy, _ change: (inout Verifier.Options) -> Void = { _ in }
    ) throws -> Verifier {
        var revocations = RevocationOptions(clientID: "notes api", clientSecret: "p:s+")
        revocations.whenStale = whenStale
        var options = Verifier.Options()
        options.revocations = revocations
        change(&options)
        return try verifier(options)
    }

    // MARK: What it answers

    func addFeed(to router: Router<BasicRequestContext>) {
        router.post("/token") { request, _ in
            let asked = try await self.clientRequest(request)
            let (reply, lifetime, number) = self.change { state in
                state.feed.tokenRequests.append(asked)
                return (state.feed.tokenReply, state.feed.tokenLifetime, state.feed.tokenRequests.count)
            }
            let answer = TokenAnswer(accessToken: "feed-\(number)", expiresIn: lifetime)
            return self.response(reply ?? Reply(body: answer.encoded()))
        }
        router.post("/introspect") { request, _ in
            let asked = try await self.clientRequest(request)
            let (reply, inactive, gate) = self.change { state in
                state.feed.introspections.append(asked)
                return (state.feed.introspectionReply, state.feed.inactive, state.feed.introspectionGate)
            }
            await gate?.wait()
            let isActive = !inactive.contains { asked.form.contains("token=\($0)&") }
            let answer = isActive ? IntrospectionAnswer(subject: "ada") : .inactive
            return self.response(reply ?? Reply(body: answer.encoded()))
        }
        router.get("/v1/revocations/stream") { request, _ in
            let (stream, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
            let reply = self.change { state -> Reply? in
                state.feed.subscriptions.append(
                    Subscription(
                        authorization: request.headers[.authorization],
                        lastEventID: request.headers[HTTPField.Name("last-event-id")!]))
                if state.feed.streamReply == nil { state.feed.streams.append(continuation) }
                return state.feed.streamReply
            }
            if let reply { return self.response(reply) }
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody { writer in
                    // The head goes out with the first bytes.
                    try await writer.write(ByteBuffer(string: ": welcome\n\n"))
                    for try await bytes in stream { try await writer.write(bytes) }
                    try await writer.finish(nil)
                })
        }
    }

    private func clientRequest(_ request: Request) async throws -> ClientRequest {
        let body = try await request.body.collect(upTo: 65_536)
        return ClientRequest(authorization: request.headers[.authorization], form: String(buffer: body))
    }
}
