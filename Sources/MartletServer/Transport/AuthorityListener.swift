public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOPosix
public import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Serves a responder over HTTP/1.1 and HTTP/2 with limits that hold against hostile clients.
///
/// It is a service: ``run()`` returns after a graceful shutdown. Requests that were accepted by then are answered, idle
/// connections are closed, and after ``ListenerLimits/shutdownDeadline`` what is left is dropped.
///
/// Routes get whole requests only: head and body have arrived and are within the limits.
public struct AuthorityListener<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    private let responder: Responder
    private let address: ListenAddress
    private let tls: TLSContext?
    private let limits: ListenerLimits
    private let logger: Logger
    private let onServerRunning: @Sendable (ListenAddress) async -> Void

    /// - Parameters:
    ///   - responder: gives the answers, such as a router's.
    ///   - address: where to listen; port 0 lets the system choose.
    ///   - tls: certificate and key; nil serves plain HTTP/1.1.
    ///   - limits: what one client may take.
    ///   - logger: for the listener and, by the context, for the routes.
    ///   - onServerRunning: called once connections are accepted, with the true port.
    public init(
        responder: Responder,
        address: ListenAddress,
        tls: TLSContext?,
        limits: ListenerLimits = ListenerLimits(),
        logger: Logger,
        onServerRunning: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        self.responder = responder
        self.address = address
        self.tls = tls
        self.limits = limits
        self.logger = logger
        self.onServerRunning = onServerRunning
    }

    /// Listens until a graceful shutdown or cancellation.
    ///
    /// - Throws: ``TransportError`` where the address cannot be used.
    public func run() async throws {
        let connections = Connections(limit: Self.connectionLimit(limits))
        let pipeline = ConnectionPipeline(limits: limits, tls: tls, connections: connections)
        let (listening, port) = try await bind(pipeline)
        for channel in listening { connections.listening(channel.channel) }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withTaskGroup { group in
                    group.addTask { await accept(listening) }
                    group.addTask { await end(connections) }
                    if let tls { group.addTask { await tls.run() } }
                    await onServerRunning(ListenAddress(host: address.host, port: port))
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

    // MARK: Listening

    private typealias Listening = NIOAsyncChannel<ConnectionPipeline.Connection, Never>

    private func bind(_ pipeline: ConnectionPipeline) async throws -> ([Listening], port: Int) {
        let addresses = try await NIOThreadPool.singleton.runIfActive { [address] in try address.socketAddresses() }
        var attempts = 0
        while true {
            attempts += 1
            let first = try await bind(addresses[0], pipeline)
            let port = first.channel.localAddress?.port ?? address.port
            var listening = [first]
            do {
                for var further in addresses.dropFirst() {
                    further.port = port
                    listening.append(try await bind(further, pipeline))
                }
                return (listening, port)
            } catch let error as TransportError where error.code == .addressUnavailable {
                // A machine without IPv6 has no ::1; localhost is then 127.0.0.1 alone.
                return (listening, port)
            } catch {
                for channel in listening { try? await channel.channel.close() }
                // The port that the system chose for one address may be taken on the other.
                guard address.port == 0, attempts < 8 else { throw error }
            }
        }
    }

    private func bind(_ address: SocketAddress, _ pipeline: ConnectionPipeline) async throws -> Listening {
        do {
            return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            AcceptHandler(connections: pipeline.connections))
                    }
                }
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(to: address) { channel in pipeline.setUp(channel) }
        } catch {
            throw ListenAddress.bindFailure(error, at: address)
        }
    }

    /// Leaves some of the process's files for the storage and the rest.
    private static func connectionLimit(_ limits: ListenerLimits) -> Int {
        var files = rlimit()
        #if canImport(Darwin) || canImport(Musl)
        let result = unsafe getrlimit(RLIMIT_NOFILE, &files)
        #else
        let result = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        #endif
        guard result == 0, files.rlim_cur < UInt64(limits.connections) + 64 else { return limits.connections }
        return max(16, Int(files.rlim_cur) - 64)
    }

    // MARK: Serving

    private func accept(_ listening: [Listening]) async {
        await withDiscardingTaskGroup { group in
            for channel in listening {
                group.addTask {
                    await withDiscardingTaskGroup { group in
                        do {
                            try await channel.executeThenClose { inbound in
                                for try await connection in inbound {
                                    group.addTask { await serve(connection) }
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
            let refusal = RequestRefusal.failed
            let body = refusal.body
            let head = refusal.head(contentLength: body.readableBytes)
            response = Response(
                status: head.status, headers: head.headerFields, body: ResponseBody(byteBuffer: body))
        }
        response.headers[.date] = HTTPDate.now()
        try await ResponseWriter(outbound: outbound).write(response: response.head, body: response.body)
    }

    private func connectionEnded(_ error: any Error) {
        logger.trace("a connection ended", metadata: ["error": "\(error)"])
    }

    /// Waits for a graceful shutdown, and then for its deadline.
    private func end(_ connections: Connections) async {
        do {
            try await gracefulShutdown()
            try await Task.sleep(for: limits.shutdownDeadline)
        } catch {
            return
        }
        logger.warning(
            "dropping connections that did not end in time", metadata: ["connections": "\(connections.count)"])
        connections.closeAll()
    }
}
