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

/// A listener's direct route, and the answers of it that are under way. Connections may be there before it, and gone
/// before their answers.
final class DirectRoutes: Sendable {
    /// The route, and what its tasks run on.
    struct Serving: Sendable {
        let route: any DirectRoute
        let executors: EventLoopExecutors
    }

    private struct State {
        var serving: Serving?
        var underWay = 0
        /// Whoever waits until none is under way.
        var waiting: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())

    var serving: Serving? { state.withLock { $0.serving } }

    func serve(_ route: any DirectRoute, on executors: EventLoopExecutors) {
        state.withLock { $0.serving = Serving(route: route, executors: executors) }
    }

    func began() {
        state.withLock { $0.underWay += 1 }
    }

    func ended() {
        let waiting = state.withLock { state in
            state.underWay -= 1
            return state.underWay == 0 ? state.waiting : nil
        }
        waiting?.finish()
    }

    /// Returns once no answer is under way, or the task is cancelled.
    func allEnded() async {
        let (end, continuation) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            if state.underWay == 0 { continuation.finish() } else { state.waiting = continuation }
        }
        for await _ in end {}
    }
}
