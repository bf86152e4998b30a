public import Hummingbird
public import Logging
import NIOCore

/// What a route of Martlet knows of its request beside the request itself.
public struct AuthorityRequestContext: ClientAddressContext {
    public var coreContext: CoreRequestContextStorage
    /// The name of this request in logs and in `X-Request-Id`.
    public let requestID: AuthorityRequestID
    /// The logger without the request's id, for a line that carries it by itself.
    var bareLogger: Logger
    /// The socket's other end, the client or a proxy; nil where it has none.
    let peer: SocketAddress?
    /// The client that trusted proxies name; set by ``ForwardedAddress``.
    var forwardedAddress: SocketAddress?

    public init(source: ApplicationRequestContextSource) {
        self.init(source: source, requestID: AuthorityRequestID())
    }

    init(source: ApplicationRequestContextSource, requestID: AuthorityRequestID) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.requestID = requestID
        self.bareLogger = source.logger
        self.peer = source.channel.remoteAddress
    }

    /// The address of the client as text: the socket's other end, or behind trusted proxies the one they name; empty
    /// where it is not known.
    public var clientAddress: String {
        (forwardedAddress ?? peer)?.clientText ?? ""
    }

    /// The logger of the request; each line carries the request's id.
    ///
    /// The id is added when the logger is asked for, since most requests log nothing but their one line.
    public var logger: Logger {
        get {
            var logger = bareLogger
            logger[metadataKey: "request"] = .stringConvertible(requestID)
            return logger
        }
        set { bareLogger = newValue }
    }

    public var id: String { requestID.description }
}
