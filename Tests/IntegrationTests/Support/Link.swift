import NIOCore
import NIOPosix
import Synchronization

/// A network between clients and a server, on a port of its own: passes bytes on as they are, and can be cut.
final class Link: Sendable {
    private struct State {
        var target: Int?
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    let port: Int
    private let listening: any Channel
    private let state: LinkState

    private final class LinkState: Sendable {
        let state = Mutex(State())
    }

    init() async throws {
        let state = LinkState()
        self.state = state
        listening = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Read from once the other side is there.
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                guard let target = state.state.withLock({ $0.target }) else { return channel.close() }
                return Self.connect(channel, to: target, state)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listening.localAddress?.port ?? 0
    }

    deinit {
        listening.close(promise: nil)
        cut()
    }

    /// Where new connections lead; nil for nowhere.
    func lead(to port: Int?) {
        state.state.withLock { $0.target = port }
    }

    /// Ends every connection, on both sides, wherever in the bytes it is.
    func cut() {
        let open = state.state.withLock { state in
            defer { state.open = [:] }
            return Array(state.open.values)
        }
        for channel in open { channel.close(promise: nil) }
    }

    private static func connect(_ near: any Channel, to port: Int, _ state: LinkState) -> EventLoopFuture<Void> {
        ClientBootstrap(group: near.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port)
            .flatMap { far in
                state.state.withLock { state in
                    for channel in [near, far] { state.open[ObjectIdentifier(channel)] = channel }
                }
                for channel in [near, far] {
                    channel.closeFuture.whenComplete { _ in
                        _ = state.state.withLock { $0.open.removeValue(forKey: ObjectIdentifier(channel)) }
                    }
                }
                return near.pipeline.addHandler(PassOn(to: far)).and(far.pipeline.addHandler(PassOn(to: near))).flatMap
                { _ in
                    near.setOption(.autoRead, value: true).and(far.setOption(.autoRead, value: true)).map { _ in }
                }
            }
    }
}

/// Writes what it reads to another channel, and ends with it.
private final class PassOn: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
