import NIOCore
import NIOPosix

/// Takes connections on a port of its own, and does one thing with whatever is sent on them.
final class OddServer: Sendable {
    enum Manner: Sendable {
        /// Never answers.
        case silent
        /// Closes the connection.
        case closing
        /// Sends this, and closes the connection.
        case answering(String)
        /// Sends this, and then nothing more.
        case stalling(String)
    }

    let port: Int
    private let channel: any Channel

    init(_ manner: Manner) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(manner: manner))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        channel.close(promise: nil)
    }

    func stop() async throws {
        try await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let manner: Manner
        private var hasAnswered = false

        init(manner: Manner) {
            self.manner = manner
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            // A request may come in several pieces.
            guard !hasAnswered else { return }
            hasAnswered = true
            switch manner {
            case .silent: break
            case .closing: context.close(promise: nil)
            case .stalling(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .answering(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                context.close(promise: nil)
            }
        }
    }
}
