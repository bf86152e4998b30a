import HTTPTypes
import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2

/// One HTTP/2 stream: turns parts into a whole request and keeps the deadlines of its body and its answer.
final class HTTP2StreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = AssembledRequest
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ListenerLimits
    private let logger: Logger
    private var assembler: RequestAssembler
    private var isReceiving = true
    private var isAnswered = false

    private var timer: DeadlineTimer?
    private var readDeadline = NIODeadline.distantFuture
    private var writeDeadline = NIODeadline.distantFuture

    init(limits: ListenerLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
        self.assembler = RequestAssembler(limits: limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = DeadlineTimer(eventLoop: context.eventLoop) { [unowned self] in
            self.deadlinePassed(context: context)
        }
        readDeadline = .now() + TimeAmount(limits.bodyDeadline)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    // MARK: Request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isReceiving else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            act(on: assembler.begin(head), context: context)
        case .body(let part):
            act(on: assembler.append(part), context: context)
        case .end:
            isReceiving = false
            readDeadline = .distantFuture
            guard let request = assembler.end() else { return }
            context.fireChannelRead(wrapInboundOut(request))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Most requests are whole by now, so most streams never need a timer.
        updateTimer()
        context.fireChannelReadComplete()
    }

    private func act(on action: RequestAssembler.Action, context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .sendContinue:
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        case .refuse(let refusal):
            refuse(refusal, context: context)
        }
    }

    /// Answers, and asks the client to stop sending (RFC 9113 §8.1).
    private func refuse(_ refusal: RequestRefusal, context: ChannelHandlerContext) {
        isReceiving = false
        readDeadline = .distantFuture
        isAnswered = true
        let body = refusal.body
        let head = refusal.loggedHead(contentLength: body.readableBytes, from: context.channel.remoteAddress, logger)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            guard context.channel.isActive else { return }
            context.triggerUserOutboundEvent(NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        awaitEnd(context: context)
    }

    // MARK: Answer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { isAnswered = true }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        if isAnswered { awaitEnd(context: context) }
    }

    /// A stream whose answer the client does not take stays open, since its flow-control window is shut.
    private func awaitEnd(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        writeDeadline = min(writeDeadline, .now() + TimeAmount(limits.writeDeadline))
        updateTimer()
    }

    // MARK: Events

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable {
            writeDeadline = .now() + TimeAmount(limits.writeDeadline)
        } else if !isAnswered {
            writeDeadline = .distantFuture
        }
        updateTimer()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The codec's errors: pseudo-header fields that are missing or wrong.
        if isReceiving, context.channel.isActive, !(error is ChannelError) {
            refuse(.malformed("the request's pseudo-header fields are not complete"), context: context)
        } else {
            context.fireErrorCaught(error)
        }
    }

    private func updateTimer() {
        timer?.set(min(readDeadline, writeDeadline))
    }

    private func deadlinePassed(context: ChannelHandlerContext) {
        if isReceiving, writeDeadline > .now() {
            refuse(.timedOut, context: context)
        } else {
            context.triggerUserOutboundEvent(NIOHTTP2FramePayloadToHTTPEvent.reset(code: .cancel), promise: nil)
            context.close(promise: nil)
        }
    }
}
