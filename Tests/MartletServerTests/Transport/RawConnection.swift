import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A client that sends bytes as they are, over TCP or TLS.
final class RawConnection: Sendable {
    private let channel: any Channel
    private let arrivals: Arrivals

    private init(channel: any Channel, arrivals: Arrivals) {
        self.channel = channel
        self.arrivals = arrivals
    }

    /// - Parameters:
    ///   - alpn: with a protocol, TLS is used.
    ///   - receiveBuffer: the size of the socket's receive buffer; the system's choice by default.
    static func with<Value>(
        _ server: TransportServer, host: String = "127.0.0.1", alpn: String? = nil, receiveBuffer: Int? = nil,
        _ body: (RawConnection) async throws -> Value
    ) async throws -> Value {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBuffer))
        }
        let caFile = server.caFile
        let arrivals = Arrivals()
        let channel = try await bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                if let alpn {
                    var tls = TLSConfiguration.makeClientConfiguration()
                    tls.trustRoots = .file(caFile)
                    tls.applicationProtocols = [alpn]
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: NIOSSLContext(configuration: tls), serverHostname: "localhost"))
                }
                try channel.pipeline.syncOperations.addHandler(ArrivalHandler(arrivals: arrivals))
            }
        }.connect(host: host, port: server.port).get()
        do {
            let value = try await body(RawConnection(channel: channel, arrivals: arrivals))
            channel.close(promise: nil)
            return value
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    /// Everything that was received.
    var received: ByteBuffer { arrivals.all }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Ends our side.
    func finish() {
        channel.close(mode: .output, promise: nil)
    }

    /// Ends both sides at once: what the server sends from then on is refused.
    func reset() async throws {
        if let socket = channel as? any SocketOptionProvider {
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close()
    }

    /// Takes nothing more from the socket.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    /// Sends one byte after another, at a slow client's pace, until the connection ends.
    func dribble(_ byte: UInt8, every pace: TimeAmount = .milliseconds(20)) {
        let channel = channel
        let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: pace) { _ in
            channel.writeAndFlush(ByteBuffer(bytes: [byte]), promise: nil)
        }
        channel.closeFuture.whenComplete { _ in task.cancel() }
    }

    /// Reads until what was received satisfies the condition, or the server's side ends.
    @discardableResult
    func read(until condition: (ByteBuffer) -> Bool) async throws -> ByteBuffer {
        var count = -1
        while true {
            let (all, hasEnded) = await arrivals.next(after: count)
            if hasEnded || condition(all) { return all }
            count = all.readableBytes
        }
    }

    func read(untilText text: String) async throws -> String {
        String(buffer: try await read { String(buffer: $0).contains(text) })
    }

    /// Reads until the server ends its side; a reset is an end as well.
    func readToEnd() async throws -> String {
        String(buffer: try await read { _ in false })
    }

    /// Waits for the whole connection to end.
    func closed() async throws {
        try await channel.closeFuture.get()
    }
}

/// What has arrived on a connection; one task may wait for more.
private final class Arrivals: Sendable {
    private struct State {
        var all = ByteBuffer()
        var hasEnded = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var all: ByteBuffer { state.withLock { $0.all } }

    func add(_ part: ByteBuffer) {
        resume { $0.all.writeImmutableBuffer(part) }
    }

    func end() {
        resume { $0.hasEnded = true }
    }

    private func resume(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// All that has arrived, once it is more than `count` bytes or the end has come.
    func next(after count: Int) async -> (all: ByteBuffer, hasEnded: Bool) {
        while true {
            let (all, hasEnded) = state.withLock { ($0.all, $0.hasEnded) }
            if hasEnded || all.readableBytes > count { return (all, hasEnded) }
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    let isLate = state.hasEnded || state.all.readableBytes > count
                    if !isLate { state.waiting = continuation }
                    return isLate
                }
                if isLate { continuation.resume() }
            }
        }
    }
}

private final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let arrivals: Arrivals

    init(arrivals: Arrivals) {
        self.arrivals = arrivals
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrivals.add(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { arrivals.end() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        arrivals.end()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        arrivals.end()
    }
}
