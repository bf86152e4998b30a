import NIOCore
import NIOPosix
import Testing

@testable import MartletServer

struct EventLoopExecutorTests {
    /// Also after it was woken by another thread.
    @Test func aTaskStaysOnItsEventLoop() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let executors = EventLoopExecutors(group)
        let loop = group.next()
        let other = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = try #require(executors[loop])
        let wasThere = await withTaskExecutorPreference(executor) {
            await withTaskGroup(of: Bool.self) { tasks in
                for _ in 0..<100 {
                    tasks.addTask {
                        var isThere = loop.inEventLoop
                        for _ in 0..<10 {
                            await withCheckedContinuation { waiting in other.next().execute { waiting.resume() } }
                            isThere = isThere && loop.inEventLoop
                        }
                        return isThere
                    }
                }
                return await tasks.reduce(true) { $0 && $1 }
            }
        }
        #expect(wasThere)
        #expect(executors[other.next()] == nil)
        try await other.shutdownGracefully()
    }
}
