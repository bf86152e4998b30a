import Dispatch
import MartletCore
import Synchronization

@testable import MartletSQLite

/// A disk that brings to itself what it is asked for when the test lets it.
final class HeldDisk: Sendable {
    /// Each signal lets one call go on.
    let gate = DispatchSemaphore(value: 0)
    private let isFailing = Mutex(false)
    /// What it was asked for, in order.
    private let calls = Mutex<[String]>([])

    func walSync() -> WALSync {
        WALSync(
            sync: { () throws(StorageError) in try self.run("sync") },
            empty: { () throws(StorageError) in try self.run("empty") })
    }

    private func run(_ call: String) throws(StorageError) {
        calls.withLock { $0.append(call) }
        gate.wait()
        if isFailing.withLock({ $0 }) { throw StorageError(.unavailable, detail: "cannot \(call)") }
    }

    func fail(_ isFailing: Bool) {
        self.isFailing.withLock { $0 = isFailing }
    }

    func hasBeenAsked(_ calls: String...) -> Bool {
        self.calls.withLock { $0 == calls }
    }
}
