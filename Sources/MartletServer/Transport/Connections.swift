import NIOCore
import Synchronization

/// The open connections of a listener: their number is limited, and all of them can be ended.
final class Connections: Sendable {
    private struct State {
        var open: [ObjectIdentifier: any Channel] = [:]
        var listening: [any Channel] = []
        /// Listening channels that wait for room.
        var waiting: [@Sendable () -> Void] = []
        var isEnding = false
    }

    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { state.withLock { $0.open.count } }

    var isEnding: Bool { state.withLock { $0.isEnding } }

    func listening(_ channel: any Channel) {
        let isEnding = state.withLock { state in
            state.listening.append(channel)
            return state.isEnding
        }
        if isEnding { channel.close(promise: nil) }
    }

    /// Whether one more may be accepted now; if not, `retry` is called once there is room.
    func hasRoom(else retry: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.open.count < limit { return true }
            state.waiting.append(retry)
            return false
        }
    }

    func add(_ channel: any Channel) {
        let isEnding = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = channel
            return state.isEnding
        }
        if isEnding { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in self.remove(channel) }
    }

    private func remove(_ channel: any Channel) {
        let waiting = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = nil
            guard state.open.count < limit else { return [@Sendable () -> Void]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for retry in waiting { retry() }
    }

    /// Accepts no more, and lets each connection end after what it is answering.
    func end() {
        let (listening, open) = state.withLock { state in
            state.isEnding = true
            return (state.listening, Array(state.open.values))
        }
        for channel in listening { channel.close(promise: nil) }
        for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Completed as the open connections and the listening channels close.
    var closeFutures: [EventLoopFuture<Void>] {
        state.withLock { ($0.listening + $0.open.values).map(\.closeFuture) }
    }

    /// Closes everything at once.
    func closeAll() {
        end()
        for channel in state.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
    }
}

/// Accepts connections while there is room; further ones wait in the system's queue.
final class AcceptHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let connections: Connections

    init(connections: Connections) {
        self.connections = connections
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connections.add(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        let channel = context.channel
        if connections.hasRoom(else: { channel.read() }) { context.read() }
    }
}
