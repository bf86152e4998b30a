import Foundation
import Synchronization

/// A program from its start to its end. A thread of its own waits for that, whoever else still does, so that no program
/// is left as a zombie.
final class Life: Sendable {
    let ended = Promise<Int32>()
    private let id: Int32
    private let running = Mutex(true)

    var isRunning: Bool { running.withLock { $0 } }

    init(_ id: Int32) {
        self.id = id
        Thread.detachNewThread { self.wait() }
    }

    func send(_ signal: Int32) {
        running.withLock { isRunning in
            if isRunning { kill(id, signal) }
        }
    }

    private func wait() {
        // Leaves it a zombie: its id goes to no other program before this one is known to have ended.
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0 {
            precondition(errno == EINTR, "somebody else waited for the process \(id)")
        }
        var status: Int32 = 0
        running.withLock { isRunning in
            while unsafe waitpid(id, &status, 0) != id {
                precondition(errno == EINTR, "somebody else waited for the process \(id)")
            }
            isRunning = false
        }
        let signal = status & 0x7f
        ended.keep(signal == 0 ? status >> 8 & 0xff : -signal)
    }
}
