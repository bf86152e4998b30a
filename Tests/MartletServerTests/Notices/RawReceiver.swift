import NIOCore
import NIOPosix
import Synchronization

/// Takes HTTP requests on a port of 127.0.0.1, keeps their texts, and answers each in turn as it was told to.
final class RawReceiver: Sendable {
    enum Manner: Sendable {
        /// Sends this, and leaves the connection open.
        case answer(String)
        /// Closes the connection without a word.
        case close
        /// Never answers.
        case hang
        /// Sends this, and never the rest.
        case begin(String)
        /// Answers 202 after this time.
        case slow(Duration)
        /// Answers 204 once `release` is called.
        case hold

        static func status(_ status: String, _ fields: String = "", body: String = "") -> Manner {
            .answer("HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    private struct State {
        var manners: [Manner] = []
        var requests: [String] = []
        var last = Manner.status("204 No Content")
        var held: [any Channel] = []
        var mostHeld = 0
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    let port: Int
    private let channel: any Channel
    private let shared: Shared

    /// - Parameters:
    ///   - manners: what becomes of the first requests.
    ///   - last: what becomes of each later one; nil for an answer with 204.
    init(_ manners: Manner..., then last: Manner? = nil) async throws {
        let shared = Shared()
        shared.state.withLock { state in
            state.manners = manners
            state.last = last ?? state.last
        }
        self.shared = shared
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        channel.close(promise: nil)
    }

    /// The requests so far, each with its head and body.
    var requests: [String] { shared.state.withLock { $0.requests } }

    /// How many requests are held just now.
    var held: Int { shared.state.withLock { $0.held.count } }
    /// How many were held at a time.
    var mostHeld: Int { shared.state.withLock { $0.mostHeld } }

    /// Answers the request that was held for the longest.
    func release() {
        let channel = shared.state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
        channel?.writeAndFlush(ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n"), promise: nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let shared: Shared
        private var text = ""

        init(_ shared: Shared) {
            self.shared = shared
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard let end = text.firstRange(of: "\r\n\r\n") else { return }
            let length = text.firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.output.1) } ?? 0
            guard text[end.upperBound...].utf8.count >= length else { return }
            let manner = shared.state.withLock { state in
                state.requests.append(text)
                return state.manners.isEmpty ? state.last : state.manners.removeFirst()
            }
            text = ""
            switch manner {
            case .answer(let text), .begin(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .close: context.close(promise: nil)
            case .hang: break
            case .slow(let duration):
                let channel = context.channel
                context.eventLoop.scheduleTask(in: TimeAmount(duration)) {
                    let answer = ByteBuffer(string: "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                    channel.writeAndFlush(answer, promise: nil)
                }
            case .hold:
                shared.state.withLock { state in
                    state.held.append(context.channel)
                    state.mostHeld = max(state.mostHeld, state.held.count)
                }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
