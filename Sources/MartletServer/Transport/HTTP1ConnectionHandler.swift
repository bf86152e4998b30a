import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// One HTTP/1.1 connection: turns parts into whole requests, keeps the deadlines, and ends the connection in order.
///
/// Requests go on as soon as they are whole, so a client may pipeline; answers leave in the same order. An answer of
/// the listener itself waits until those under way have left.
///
/// What a ``DirectRoute`` takes does not go on: it is answered here. Requests that come meanwhile are held back, and
/// where requests that went on are not answered yet, or the client does not read, it goes on as the others do.
final class HTTP1ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = AssembledRequest
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Receiving {
        case head
        case body
        /// Nothing more is taken from this connection.
        case nothing
    }

    /// A request that was handed on and is not fully answered.
    private struct Exchange {
        let version: HTTPVersion
        let isLast: Bool
    }

    private let limits: ListenerLimits
    private let isSecure: Bool
    private var assembler: RequestAssembler
    private var receiving = Receiving.head
    private var current = Exchange(version: .http1_1, isLast: false)
    private var inFlight = CircularBuffer<Exchange>(initialCapacity: 2)
    private let directRoutes: DirectRoutes
    private let logger: Logger
    /// The first of those in flight is with the direct route.
    private var isAnsweringDirectly = false
    /// How many of those in flight have gone on.
    private var forwarded = 0
    /// The last of those in flight: they wait for the direct route.
    private var held = CircularBuffer<AssembledRequest>(initialCapacity: 0)
    /// What the next handler has not been told, since it would not take requests after it.
    private var heldInputClosed = false
    /// The next handler wants more, which has to wait until nothing is held.
    private var heldRead = false
    /// Writes bytes past the encoder.
    private var wire: ChannelHandlerContext?
    private var refusal: RequestRefusal?
    private var isQuiescing = false
    private var isInputClosed = false
    /// The last part was written, or is being written.
    private var isClosing = false
    private var isOutputClosed = false

    private var timer: DeadlineTimer?
    /// For the next head, the body, or the end of a closing connection, whichever is awaited.
    private var readDeadline: NIODeadline
    private var writeDeadline = NIODeadline.distantFuture

    /// - Parameter acceptedAt: when the connection was accepted.
    init(limits: ListenerLimits, isSecure: Bool, acceptedAt: NIODeadline, directRoutes: DirectRoutes, logger: Logger) {
        self.limits = limits
        self.logger = logger
        self.directRoutes = directRoutes
        self.isSecure = isSecure
        self.assembler = RequestAssembler(limits: limits)
        self.readDeadline = acceptedAt + TimeAmount(limits.headDeadline)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = DeadlineTimer(eventLoop: context.eventLoop) { [unowned self] in
            self.deadlinePassed(context: context)
        }
        updateTimer()
        wire = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        wire = nil
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard receiving != .nothing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            let checked: HTTP1RequestHead
            do {
                checked = try HTTP1RequestHead(head, isSecure: isSecure)
            } catch {
                return refuse(error, context: context)
            }
            current = Exchange(version: checked.version, isLast: checked.isLast)
            receiving = .body
            readDeadline = .now() + TimeAmount(limits.bodyDeadline)
            act(on: assembler.begin(checked.request), context: context)
        case .body(let part):
            act(on: assembler.append(part), context: context)
        case .end:
            guard let request = assembler.end() else { return }
            receiving = current.isLast || isQuiescing ? .nothing : .head
            inFlight.append(current)
            take(request, context: context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        updateTimer()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { heldRead = true }
    }

    private func act(on action: RequestAssembler.Action, context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .sendContinue:
            // With an answer still to come this would be taken for a part of it.
            guard inFlight.isEmpty else { break }
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        case .refuse(let refusal):
            refuse(refusal, context: context)
        }
    }

    private func refuse(_ refusal: RequestRefusal, context: ChannelHandlerContext) {
        receiving = .nothing
        if inFlight.isEmpty {
            send(refusal, context: context)
        } else {
            self.refusal = refusal
        }
    }

    private func send(_ refusal: RequestRefusal, context: ChannelHandlerContext) {
        let body = refusal.body
        var head = HTTPResponseHead(
            refusal.loggedHead(contentLength: body.readableBytes, from: context.channel.remoteAddress, logger))
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        close(after: wrapOutboundOut(.end(nil)), context: context)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let exchange = inFlight.first, !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let part = unwrapOutboundIn(data)
        if case .end = part { forwarded -= 1 }
        write(part, of: exchange, promise: promise, context: context)
    }

    private func write(
        _ part: HTTPResponsePart, of exchange: Exchange, promise: EventLoopPromise<Void>? = nil,
        context: ChannelHandlerContext
    ) {
        switch part {
        case .head(let response):
            var head = HTTPResponseHead(response)
            head.version = exchange.version.minor == 0 ? .http1_0 : .http1_1
            if response.status.kind != .informational, endsWith(exchange) {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let part):
            context.write(wrapOutboundOut(.body(.byteBuffer(part))), promise: promise)
        case .end(let trailers):
            let end = wrapOutboundOut(.end(trailers.map(HTTPHeaders.init)))
            let isEnd = endsWith(exchange)
            inFlight.removeFirst()
            if isEnd {
                close(after: end, promise: promise, context: context)
            } else {
                context.write(end, promise: promise)
                if inFlight.isEmpty { answered(context: context) }
            }
        }
    }

    /// Whether the connection ends with this answer.
    private func endsWith(_ exchange: Exchange) -> Bool {
        if exchange.isLast { return true }
        return inFlight.count == 1 && receiving != .body && refusal == nil && (isQuiescing || isInputClosed)
    }

    private func answered(context: ChannelHandlerContext) {
        if let refusal = refusal.take() { return send(refusal, context: context) }
        if receiving == .head {
            readDeadline = .now() + TimeAmount(limits.keepAlive)
            updateTimer()
        }
    }

    /// Writes the last part and then ends our side; the client's is read until it ends, so that a client that is still
    /// sending gets the answer rather than a reset.
    ///
    /// - Parameter writer: what writes the part; nil for this handler.
    private func close(
        after end: NIOAny, promise: EventLoopPromise<Void>? = nil, by writer: ChannelHandlerContext? = nil,
        context: ChannelHandlerContext
    ) {
        isClosing = true
        receiving = .nothing
        readDeadline = .now() + TimeAmount(limits.writeDeadline)
        updateTimer()
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in
            guard context.channel.isActive else { return }
            if self.isInputClosed {
                context.close(promise: nil)
            } else {
                self.isOutputClosed = true
                self.readDeadline = .now() + TimeAmount(self.limits.closeDeadline)
                self.updateTimer()
                context.close(mode: .output, promise: nil)
            }
        }
        (writer ?? context).writeAndFlush(end, promise: written)
    }

    // MARK: Direct answers

    /// Answers a request directly, holds it back, or lets it go on.
    private func take(_ request: AssembledRequest, context: ChannelHandlerContext) {
        if isAnsweringDirectly {
            held.append(request)
        } else if forwarded == 0, inFlight.first?.version == .http1_1, let wire, context.channel.isWritable,
            let serving = directRoutes.serving, serving.route.takes(request.head)
        {
            answerDirectly(request, serving, wire: wire, context: context)
        } else {
            forwarded += 1
            context.fireChannelRead(wrapInboundOut(request))
        }
    }

    private func answerDirectly(
        _ request: AssembledRequest, _ serving: DirectRoutes.Serving, wire: ChannelHandlerContext,
        context: ChannelHandlerContext
    ) {
        isAnsweringDirectly = true
        let (eventLoop, channel) = (context.eventLoop, context.channel)
        let own = NIOLoopBound((self, wire, context), eventLoop: eventLoop)
        directRoutes.began()
        Task(executorPreference: serving.executors[eventLoop]) { [directRoutes] in
            let answer = await serving.route.answer(to: request, on: channel)
            directRoutes.ended()
            let finish = { @Sendable () -> Void in
                let (handler, wire, context) = own.value
                handler.finish(answer, wire: wire, context: context)
            }
            if eventLoop.inEventLoop { finish() } else { eventLoop.execute(finish) }
        }
    }

    private func finish(_ answer: DirectAnswer, wire: ChannelHandlerContext, context: ChannelHandlerContext) {
        isAnsweringDirectly = false
        // The connection may have ended meanwhile.
        guard let exchange = inFlight.first, !isClosing, self.wire != nil else { return }
        switch answer {
        case .encoded(var bytes, let body):
            let isEnd = endsWith(exchange)
            if isEnd { bytes.writeStaticString("Connection: close\r\n") }
            bytes.writeStaticString("\r\n")
            bytes.writeBytes(body)
            inFlight.removeFirst()
            let message = NIOAny(IOData.byteBuffer(bytes))
            if isEnd {
                close(after: message, by: wire, context: context)
            } else {
                wire.writeAndFlush(message, promise: nil)
                if inFlight.isEmpty { answered(context: context) }
            }
        case .response(let head, let body):
            write(.head(head), of: exchange, context: context)
            write(.body(body), of: exchange, context: context)
            write(.end(nil), of: exchange, context: context)
            context.flush()
        }
        goOn(context: context)
    }

    /// Takes what was held back.
    private func goOn(context: ChannelHandlerContext) {
        guard !held.isEmpty || heldInputClosed || heldRead else { return }
        while !isAnsweringDirectly, let request = held.popFirst() { take(request, context: context) }
        guard held.isEmpty else { return }
        context.fireChannelReadComplete()
        if heldInputClosed {
            heldInputClosed = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        if heldRead {
            heldRead = false
            context.read()
        }
    }

    // MARK: Events

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            if receiving == .head {
                receiving = .nothing
                if inFlight.isEmpty { context.close(promise: nil) }
            }
        case ChannelEvent.inputClosed:
            isInputClosed = true
            receiving = .nothing
            if isOutputClosed || inFlight.isEmpty && !isClosing { context.close(promise: nil) }
            guard held.isEmpty else {
                heldInputClosed = true
                return
            }
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard receiving != .nothing else { return }
        switch error as? HTTPParserError {
        case .headerOverflow:
            refuse(.headersTooLarge(limit: limits.headerListSize), context: context)
        case .invalidEOFState, nil:
            context.close(promise: nil)
        default:
            refuse(.malformed("the request is not HTTP/1.1"), context: context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline =
            context.channel.isWritable ? .distantFuture : .now() + TimeAmount(limits.writeDeadline)
        updateTimer()
        context.fireChannelWritabilityChanged()
    }

    private func updateTimer() {
        let awaitsClient = receiving == .body || isClosing || receiving == .head && inFlight.isEmpty
        timer?.set(min(writeDeadline, awaitsClient ? readDeadline : .distantFuture))
    }

    private func deadlinePassed(context: ChannelHandlerContext) {
        if receiving == .body, writeDeadline > .now() {
            refuse(.timedOut, context: context)
        } else {
            context.close(promise: nil)
        }
    }
}
