import Logging
import Synchronization

/// Keeps what is logged, one line an event that begins with its level.
final class CapturedLog: Sendable {
    private let captured = Mutex<[String]>([])
    private let heard: @Sendable (_ line: String) -> Void

    /// - Parameter heard: called with each line, once it is kept.
    init(heard: @escaping @Sendable (_ line: String) -> Void = { _ in }) {
        self.heard = heard
    }

    var lines: [String] { captured.withLock { $0 } }

    var logger: Logger {
        Logger(label: "captured") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            let words = ["\(event.level)", "\(event.message)"] + fields.map { "\($0.key)=\($0.value)" }
            let line = words.joined(separator: " ")
            log.captured.withLock { $0.append(line) }
            log.heard(line)
        }
    }
}
