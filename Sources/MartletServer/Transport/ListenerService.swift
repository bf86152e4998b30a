public import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOPosix
public import ServiceLifecycle

/// Serves the connections of an ``AuthorityListener``.
///
/// ``run()`` returns after a graceful shutdown. Requests that were accepted by then are answered, or carried out where
/// their client has gone; idle connections are closed, and after ``ListenerLimits/shutdownDeadline`` what is left is
/// dropped.
public struct ListenerService<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    let listener: AuthorityListener
    let responder: Responder
    let executors = EventLoopExecutors(MultiThreadedEventLoopGroup.singleton)

    init(listener: AuthorityListener, responder: Responder) {
        self.listener = listener
        self.responder = responder
    }

    private var connections: Connections { listener.connections }
    private var limits: ListenerLimits { listener.limits }
    private var logger: Logger { listener.logger }

    /// Serves until a graceful shutdown or cancellation.
    public func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withTaskGroup { group in
                    group.addTask { await accept() }
                    group.addTask { await end() }
                    if let tls = listener.tls { group.addTask { await tls.run() } }
                    // The first to be done is `accept`, or `end` after its deadline.
                    await group.next()
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                connections.end()
            }
        } onCancel: {
            connections.closeAll()
        }
    }

    private func accept() async {
        await withDiscardingTaskGroup { group in
            for channel in listener.sockets.channels {
                group.addTask {
                    await withDiscardingTaskGroup { group in
                        do {
                            try await channel.executeThenClose { inbound in
                                for try await connection in inbound {
                                    let executor = executors[connection.eventLoop]
                                    group.addTask(executorPreference: executor) { await serve(connection) }
                                }
                            }
                        } catch is CancellationError {
                        } catch {
                            logger.error("no longer accepting connections", metadata: ["error": "\(error)"])
                        }
                    }
                }
            }
        }
        // No connection waits for those whose client has gone, and what they did is still to be reported.
        await listener.directRoutes.allEnded()
    }

    private func serve(_ connection: ConnectionPipeline.Connection) async {
        do {
            switch connection {
            case .plain(let exchange):
                try await serve(exchange)
            case .secure(let negotiated):
                switch try await negotiated.get() {
                case .http1_1(let exchange):
                    try await serve(exchange)
                case .http2(let streams):
                    await serve(streams)
                }
            }
        } catch {
            connectionEnded(error)
        }
    }

    private func serve(_ streams: ConnectionPipeline.Streams) async {
        await withDiscardingTaskGroup { group in
            do {
                for try await stream in streams.inbound {
                    group.addTask {
                        do { try await serve(stream) } catch { connectionEnded(error) }
                    }
                }
            } catch {
                connectionEnded(error)
            }
        }
    }

    private func serve(_ exchange: ConnectionPipeline.Exchange) async throws {
        try await exchange.executeThenClose { inbound, outbound in
            for try await request in inbound {
                try await respond(to: request, channel: exchange.channel, outbound: outbound)
            }
            // The connection's handler closes it, once the last answer was taken.
            try await exchange.channel.closeFuture.get()
        }
    }

    private func respond(
        to request: AssembledRequest, channel: any Channel, outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    ) async throws {
        let context = Responder.Context(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response: Response
        do {
            response = try await responder.respond(
                to: Request(head: request.head, body: RequestBody(buffer: request.body)), context: context)
        } catch {
            // The type only: an error's text may hold what must not be logged.
            logger.error("a request failed", metadata: ["error": "\(type(of: error))"])
            response = Response(RequestRefusal.failed)
        }
        // A client would take the content of an answer to HEAD for the next answer (RFC 9110 §9.3.2).
        if request.head.method == .head { response = response.createHeadResponse() }
        response.headers[.date] = HTTPDate.now()
        try await ResponseWriter(outbound: outbound).write(response: response.head, body: response.body)
    }

    private func connectionEnded(_ error: any Error) {
        logger.trace("a connection ended", metadata: ["error": "\(error)"])
    }

    /// Waits for a graceful shutdown, and then for its deadline.
    private func end() async {
        do {
            try await gracefulShutdown()
            try await Task.sleep(for: limits.shutdownDeadline)
        } catch {
            return
        }
        logger.warning(
            "dropping what did not end in time", metadata: ["connections": "\(connections.count)"])
        connections.closeAll()
    }
}
