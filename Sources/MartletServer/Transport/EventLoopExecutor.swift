import NIOCore
import Synchronization

/// Runs the tasks of a connection on the thread of its event loop.
///
/// Without it a task may be woken on any thread, and goes through a queue each time it calls a function that is not
/// isolated: such functions belong to no event loop, while the concurrency runtime takes a task on one of NIO's
/// threads for a task of that event loop.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop
    /// What waits to be run. Where it is not empty, the event loop has been asked to run it.
    private let waiting = Mutex<[UnownedJob]>([])

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = waiting.withLock { waiting in
            waiting.append(job)
            return waiting.count == 1
        }
        if isFirst { eventLoop.execute(run) }
    }

    /// Runs what waits now. What is enqueued meanwhile has its turn after the event loop's other work.
    @Sendable private func run() {
        let jobs = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for job in jobs { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// The executors of a group's event loops.
struct EventLoopExecutors: Sendable {
    private let executors: [ObjectIdentifier: EventLoopExecutor]

    init(_ group: any EventLoopGroup) {
        executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), EventLoopExecutor($0)) })
    }

    /// Nil for an event loop of another group.
    subscript(eventLoop: any EventLoop) -> EventLoopExecutor? { executors[ObjectIdentifier(eventLoop)] }
}
