import HTTPTypes
import NIOCore
import Synchronization

/// Answers requests of one kind on their HTTP/1.1 connection itself: for those that come so often that the way through
/// the connection's task, the router and its middleware would cost more than their work.
///
/// On HTTP/2 the same requests go to the router, so the answers have to be the same.
protocol DirectRoute: Sendable {
    /// Whether a request is of this kind.
    func takes(_ request: HTTPRequest) -> Bool

    func answer(to request: AssembledRequest, on channel: any Channel) async -> DirectAnswer
}

/// What a ``DirectRoute`` answers.
enum DirectAnswer: Sendable {
    /// The bytes of the message: status line and header fields, without the empty line behind them, and the content.
    case encoded(head: ByteBuffer, body: [UInt8])
    case response(HTTPResponse, body: ByteBuffer)
}

/// A listener's direct route. Its connections may be there before it.
final class DirectRoutes: Sendable {
    /// The route, and what its tasks run on.
    struct Serving: Sendable {
        let route: any DirectRoute
        let executors: EventLoopExecutors
    }

    private let state = Mutex<Serving?>(nil)

    var serving: Serving? { state.withLock { $0 } }

    func serve(_ route: any DirectRoute, on executors: EventLoopExecutors) {
        state.withLock { $0 = Serving(route: route, executors: executors) }
    }
}
