import Dispatch

/// Keeps the session in a file that only its owner can read (mode 0600).
///
/// Each change is written to a second file, synced, and renamed over the first, so a crash leaves the old session or
/// the new one and never half of one. Processes that share the file take turns by two lock files beside it:
/// `<name>.lock` for one change, `<name>.renewal.lock` for one renewal. Lock files hold nothing and stay where they
/// are; the system lets a lock go when its process dies. The folder has to be on a file system with `flock`.
///
/// A file that cannot be read as a session is kept as `<name>.corrupt-1` (or the next free number), and the call that
/// found it throws ``MartletClientError/Code/storeCorrupt``. After that the store is empty.
public final class FileTokenStore: TokenStore {
    /// Where the session is kept.
    public let path: String

    // File calls block, so they are made on a queue and not on the threads that all tasks share.
    private let queue = DispatchQueue(label: "martlet.file-token-store")

    private static let changeTimeout = Duration.seconds(20)

    /// - Parameter path: the file. Its folder is made (mode 0700) at the first change, if it is not there.
    public init(path: String) {
        self.path = path
    }

    public func load() async throws -> SavedSession? {
        do {
            return try await perform { [path] in try SessionFile(path: path).read() }
        } catch let error as MartletClientError where error.code == .storeCorrupt {
            // It may be whole by now: look again with the lock, and set it aside only then.
            return try await change { file in try file.readOrSetAside() }
        }
    }

    public func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool {
        try await change { file in
            if condition == .always {
                // A sign-in is not refused for what was there, but what was there is not lost either.
                do {
                    _ = try file.readOrSetAside()
                } catch let error as MartletClientError where error.code == .storeCorrupt {}
            } else {
                guard condition.isMet(by: try file.readOrSetAside()) else { return false }
            }
            try file.write(session)
            return true
        }
    }

    public func lease(timeout: Duration) async throws -> RenewalLease? {
        try await perform { [path] in try SessionFile(path: path).makeFolder() }
        let lockPath = path + ".renewal.lock"
        return try await polling(for: timeout) { () throws(MartletClientError) in
            guard let lock = try FileLock(tryingAt: lockPath) else { return nil }
            return RenewalLease { lock.unlock() }
        }
    }

    /// Does something with the file while nobody else changes it.
    private func change<Value: Sendable>(
        _ body: @escaping @Sendable (SessionFile) throws -> Value
    ) async throws -> Value {
        let file = SessionFile(path: path)
        try await perform { try file.makeFolder() }
        let lockPath = path + ".lock"
        let lock = try await polling(for: Self.changeTimeout) { () throws(MartletClientError) in
            try FileLock(tryingAt: lockPath)
        }
        guard let lock else {
            throw MartletClientError.storeUnavailable(
                "Another process holds \(lockPath) for more than \(Self.changeTimeout). Find it and end it.")
        }
        defer { lock.unlock() }
        return try await perform { try body(file) }
    }

    private func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
