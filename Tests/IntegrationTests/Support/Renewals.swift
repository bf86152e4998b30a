import MartletClient
import MartletProtocol
import Synchronization

/// Counts what a client tells of its session.
final class Renewals: Sendable {
    private final class Tally: Sendable {
        let count = Mutex(0)
        let end = Mutex<EndReason??>(nil)
    }

    private let tally = Tally()
    private let task: Task<Void, Never>

    init(of client: MartletClient) {
        let events = client.events
        // Unstructured, because it listens beside the test. It ends with this object.
        task = Task { [tally] in
            for await event in events {
                switch event {
                case .renewed: tally.count.withLock { $0 += 1 }
                case .signedOut(let reason): tally.end.withLock { $0 = .some(reason) }
                case .signedIn: break
                }
            }
        }
    }

    deinit {
        task.cancel()
    }

    /// How often there was a new access token.
    var count: Int { tally.count.withLock { $0 } }

    /// Why the session ended; nil while it goes on.
    var end: EndReason?? { tally.end.withLock { $0 } }
}
