import Logging
import Synchronization

/// What was logged at `info` and above.
final class CapturedLog: Sendable {
    private let captured = Mutex<[Logger.Level]>([])

    var levels: [Logger.Level] { captured.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.captured.withLock { $0.append(event.level) }
        }
    }
}
