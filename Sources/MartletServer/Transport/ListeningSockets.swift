import NIOCore

/// The sockets of a listener. When they are let go, so that nobody can serve them any more, they are closed.
final class ListeningSockets: Sendable {
    let channels: [AuthorityListener.Listening]
    private let connections: Connections

    init(channels: [AuthorityListener.Listening], connections: Connections) {
        self.channels = channels
        self.connections = connections
    }

    deinit {
        connections.closeAll()
        // An async channel may not be let go before its channel has closed.
        for future in connections.closeFutures {
            future.whenComplete { [channels] _ in withExtendedLifetime(channels) {} }
        }
    }
}
