public import Hummingbird
import NIOCore

/// A request context that knows where the request came from, as Martlet's routes need it.
///
/// A team that mounts the routes in an app of its own conforms its context to this. One that is a
/// `RemoteAddressRequestContext` has nothing to add, unless the app is behind proxies.
public protocol ClientAddressContext: RequestContext {
    /// The address of the client as text, behind trusted proxies the one they name; empty where it is not known.
    var clientAddress: String { get }
}

extension ClientAddressContext where Self: RemoteAddressRequestContext {
    /// The socket's other end.
    public var clientAddress: String { remoteAddress?.clientText ?? "" }
}

extension SocketAddress {
    /// The address alone. An IPv4 client on an IPv6 socket (RFC 4291 §2.5.5.2) is written as the IPv4 client it is.
    var clientText: String {
        let text = ipAddress ?? ""
        return text.utf8.starts(with: "::ffff:".utf8) && text.utf8.contains(UInt8(ascii: "."))
            ? String(text.dropFirst(7)) : text
    }
}
