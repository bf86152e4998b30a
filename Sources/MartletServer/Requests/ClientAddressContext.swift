public import Hummingbird

/// A request context that knows where the request came from, as Martlet's routes need it.
///
/// A team that mounts the routes in an app of its own conforms its context to this.
public protocol ClientAddressContext: RequestContext {
    /// The address of the client as text, behind trusted proxies the one they name; empty where it is not known.
    var clientAddress: String { get }
}
