import Foundation

/// Starts processes one after the other: Foundation's `Process.run()` crashes where two threads are in it.
enum ProcessLaunch {
    private static let lock = NSLock()

    static func run(_ process: Process) throws {
        lock.lock()
        defer { lock.unlock() }
        try process.run()
    }
}
