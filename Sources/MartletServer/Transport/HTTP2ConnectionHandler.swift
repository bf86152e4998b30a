import NIOCore
import NIOHTTP2

/// One HTTP/2 connection: keeps the deadlines of the connection as a whole and ends it in order.
///
/// A graceful end is GOAWAY with the highest stream, PING, and, once that is answered and so every stream that the
/// client opened is known, GOAWAY with the last stream (RFC 9113 §6.8). The connection closes with its last stream.
final class HTTP2ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum Phase {
        case open
        /// The first GOAWAY was sent; new streams may still arrive.
        case announced(HTTP2PingData)
        /// The second GOAWAY was sent.
        case ending
        case closed
    }

    private let limits: ListenerLimits
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var openStreams = 0
    private var lastStream = HTTP2StreamID.rootStream

    private var timer: DeadlineTimer?
    private var idleDeadline: NIODeadline
    private var writeDeadline = NIODeadline.distantFuture

    init(limits: ListenerLimits, eventLoop: any EventLoop, acceptedAt: NIODeadline) {
        self.limits = limits
        self.eventLoop = eventLoop
        self.idleDeadline = acceptedAt + TimeAmount(limits.headDeadline)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timer = DeadlineTimer(eventLoop: eventLoop) { [unowned self] in
            self.deadlinePassed()
        }
        updateTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        timer?.cancel()
        timer = nil
    }

    // MARK: Streams

    /// Tells the handler of its streams.
    struct StreamDelegate: NIOHTTP2StreamDelegate {
        let handler: NIOLoopBound<HTTP2ConnectionHandler>

        func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
            handler.value.streamCreated(id)
        }

        func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
            handler.value.streamClosed()
        }
    }

    var streamDelegate: StreamDelegate {
        StreamDelegate(handler: NIOLoopBound(self, eventLoop: eventLoop))
    }

    private func streamCreated(_ id: HTTP2StreamID) {
        openStreams += 1
        lastStream = max(lastStream, id)
        idleDeadline = .distantFuture
        updateTimer()
    }

    private func streamClosed() {
        openStreams -= 1
        guard openStreams == 0 else { return }
        switch phase {
        case .open:
            idleDeadline = .now() + TimeAmount(limits.keepAlive)
            updateTimer()
        case .announced:
            idleDeadline = .now() + TimeAmount(limits.closeDeadline)
            updateTimer()
        case .ending:
            // The frame that ended the stream is written but not flushed yet.
            eventLoop.assumeIsolated().execute { self.close() }
        case .closed:
            break
        }
    }

    // MARK: The end

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            announceEnd()
        case ChannelEvent.inputClosed:
            close()
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(let ping, ack: true) = unwrapInboundIn(data).payload, case .announced(let expected) = phase,
            ping == expected
        {
            end()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection error: GOAWAY has been written. Errors of single streams do not come here.
        close()
    }

    private func announceEnd() {
        guard case .open = phase, let context else { return }
        let ping = HTTP2PingData(withInteger: UInt64.random(in: .min ... .max))
        phase = .announced(ping)
        write(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil), context: context)
        write(.ping(ping, ack: false), context: context)
        context.flush()
        if openStreams == 0 {
            idleDeadline = .now() + TimeAmount(limits.closeDeadline)
            updateTimer()
        }
    }

    private func end() {
        guard let context else { return }
        phase = .ending
        write(.goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil), context: context)
        context.flush()
        if openStreams == 0 { close() }
    }

    private func write(_ payload: HTTP2Frame.FramePayload, context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
    }

    private func close() {
        if case .closed = phase { return }
        phase = .closed
        context?.flush()
        context?.close(promise: nil)
    }

    // MARK: Deadlines

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline =
            context.channel.isWritable ? .distantFuture : .now() + TimeAmount(limits.writeDeadline)
        updateTimer()
        context.fireChannelWritabilityChanged()
    }

    private func updateTimer() {
        timer?.set(min(idleDeadline, writeDeadline))
    }

    private func deadlinePassed() {
        // An idle connection is told first; one that is stuck, or that does not answer, is dropped.
        if case .open = phase, writeDeadline > .now() {
            announceEnd()
        } else {
            close()
        }
    }
}
