public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOHTTP2
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Accepts connections and serves HTTP/1.1 and HTTP/2 on them, with limits that hold against hostile clients.
///
/// It has its port from the start, and connections wait until the service of ``serving(_:)`` runs. A listener that is
/// let go without serving gives its port back.
///
/// Routes get whole requests only: head and body have arrived and are within the limits.
public struct AuthorityListener: Sendable {
    /// Where it listens, with the true port.
    public let address: ListenAddress
    let sockets: ListeningSockets
    let connections: Connections
    let tls: TLSContext?
    let limits: ListenerLimits
    let logger: Logger
    let directRoutes = DirectRoutes()

    /// Takes the address.
    ///
    /// - Parameters:
    ///   - address: where to listen; port 0 lets the system choose.
    ///   - tls: certificate and key; nil serves plain HTTP/1.1.
    ///   - advice: what else can be done where the address cannot be used.
    ///   - limits: what one client may take.
    ///   - logger: for the listener and, by the context, for the routes.
    /// - Throws: ``TransportError`` where the address cannot be used.
    public init(
        address: ListenAddress, tls: TLSContext?, limits: ListenerLimits = ListenerLimits(), logger: Logger,
        advice: String = ListenAddress.advice
    ) async throws {
        connections = Connections(limit: Self.connectionLimit(limits))
        self.tls = tls
        self.limits = limits
        self.logger = logger
        let pipeline = ConnectionPipeline(
            limits: limits, tls: tls, connections: connections, directRoutes: directRoutes, logger: logger)
        let port: Int
        let listening: [Listening]
        (listening, port) = try await Self.bind(address, pipeline, advice: advice)
        self.address = ListenAddress(host: address.host, port: port)
        for channel in listening { connections.listening(channel.channel) }
        sockets = ListeningSockets(channels: listening, connections: connections)
    }

    /// What serves the connections, to be run once.
    ///
    /// - Parameter responder: gives the answers, such as a router's.
    public func serving<Responder: HTTPResponder>(_ responder: Responder) -> ListenerService<Responder>
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        ListenerService(listener: self, responder: responder)
    }

    /// The same, with a route that is answered on its connection.
    func serving<Responder: HTTPResponder>(
        _ responder: Responder, directly route: any DirectRoute
    ) -> ListenerService<Responder>
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let service = ListenerService(listener: self, responder: responder)
        directRoutes.serve(route, on: service.executors)
        return service
    }

    typealias Listening = NIOAsyncChannel<ConnectionPipeline.Connection, Never>

    private static func bind(
        _ address: ListenAddress, _ pipeline: ConnectionPipeline, advice: String
    ) async throws -> ([Listening], port: Int) {
        let addresses = try await NIOThreadPool.singleton.runIfActive { try address.socketAddresses(advice: advice) }
        var attempts = 0
        while true {
            attempts += 1
            let first = try await bind(addresses[0], pipeline, advice: advice)
            let port = first.channel.localAddress?.port ?? address.port
            var listening = [first]
            do {
                for var further in addresses.dropFirst() {
                    further.port = port
                    listening.append(try await bind(further, pipeline, advice: advice))
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

    private static func bind(
        _ address: SocketAddress, _ pipeline: ConnectionPipeline, advice: String
    ) async throws -> Listening {
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
            throw ListenAddress.bindFailure(error, at: address, advice: advice)
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
}
