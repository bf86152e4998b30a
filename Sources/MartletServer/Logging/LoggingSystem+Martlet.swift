public import Logging
import MartletProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension LoggingSystem {
    /// Sends the logs of the whole process to standard error. Once per process, before the first logger is made.
    public static func bootstrap(_ log: ServerConfiguration.Log) {
        bootstrap(
            { label, provider in
                StructuredLogHandler(
                    label: label, level: log.level, format: log.format, metadataProvider: provider,
                    now: { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down))) },
                    write: StandardError.write
                )
            },
            metadataProvider: nil
        )
    }
}
