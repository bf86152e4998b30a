import MartletProtocol
import NIOCore
import NIOPosix
import Synchronization

/// What wakes the task of one stream: a change, the time, or the end.
final class RevocationReader: Sendable {
    /// Any number of wake-ups that were not taken yet are one. It ends with ``finish()``.
    let wakeUps: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let alarm = Mutex(Alarm())
    private let position = Atomic<Int64>(0)

    private struct Alarm {
        var rings = NIODeadline.distantFuture
        var scheduled: Scheduled<Void>?
    }

    init() {
        (wakeUps, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit {
        alarm.withLock { $0.scheduled?.cancel() }
    }

    /// How far the stream has been sent, as the number of a cursor. For metrics.
    var sent: Int64 { position.load(ordering: .relaxed) }

    func hasSent(upTo cursor: RevocationCursor) {
        position.store(cursor.number, ordering: .relaxed)
    }

    func wake() {
        continuation.yield()
    }

    /// Sees to it that there is a wake-up by then. There may be one before, which is cheaper than to move it: a busy
    /// stream sets the time anew with each event.
    func wake(by deadline: NIODeadline) {
        alarm.withLock { alarm in
            guard deadline < alarm.rings || alarm.rings <= .now() else { return }
            alarm.scheduled?.cancel()
            alarm.rings = deadline
            let continuation = continuation
            alarm.scheduled = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(deadline: deadline) {
                _ = continuation.yield()
            }
        }
    }

    /// Ends the stream.
    func finish() {
        continuation.finish()
    }
}
