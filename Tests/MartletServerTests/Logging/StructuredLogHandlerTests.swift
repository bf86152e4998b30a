import Logging
import MartletCore
import MartletProtocol
import MartletServer
import Synchronization
import Testing

struct StructuredLogHandlerTests {
    /// Collects the lines of one logger.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func logger(_ format: LogFormat, level: Logger.Level = .info) -> Logger {
            Logger(label: "martlet.test") { label in
                StructuredLogHandler(
                    label: label, level: level, format: format, now: { Timestamp(milliseconds: 1_767_225_600_123) },
                    write: { line in self.lines.withLock { $0.append(line) } }
                )
            }
        }
    }

    @Test func text() {
        let lines = Lines()
        var logger = lines.logger(.text)
        logger[metadataKey: "request"] = "01JG"
        logger.info("renewed", metadata: ["user": "a b", "session": "s1", "empty": "", "sum": "a=b"])
        logger.warning("say \"hi\"")
        logger.debug("not shown")
        #expect(
            lines.all == [
                "2026-01-01T00:00:00.123Z info     renewed empty=\"\" request=01JG session=s1 sum=\"a=b\" user=\"a b\"\n",
                "2026-01-01T00:00:00.123Z warning  say \"hi\" request=01JG\n",
            ]
        )
    }

    @Test func json() {
        let lines = Lines()
        lines.logger(.json).error(
            "failed", metadata: ["level": "x", "list": ["a", "b"], "tree": ["k": .stringConvertible(7)]]
        )
        #expect(
            lines.all == [
                #"{"time":"2026-01-01T00:00:00.123Z","level":"error","logger":"martlet.test","message":"failed","#
                    + #""level_":"x","list":["a","b"],"tree":{"k":"7"}}"# + "\n"
            ]
        )
    }

    /// Whatever a client sends as its name, it is no second entry.
    @Test(arguments: LogFormat.allCases)
    func aLineStaysOneLine(format: LogFormat) {
        let lines = Lines()
        let hostile = "a\n2026 info forged\r\u{1B}[31m\u{0}\u{85}\u{2028}\u{2029}\"\\"
        lines.logger(format).info("\(hostile)", metadata: [hostile: .string(hostile)])
        #expect(lines.all.count == 1)
        let inside = lines.all[0].dropLast()
        #expect(!inside.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!inside.unicodeScalars.contains { $0 == "\u{2028}" || $0 == "\u{2029}" })
        #expect(inside.contains(#"\u001b[31m\u0000\u0085\u2028\u2029"#))
    }

    @Test(arguments: LogFormat.allCases)
    func secretsAreNotWritten(format: LogFormat) throws {
        let lines = Lines()
        let secret = try #require(MasterKey(bytes: Array("hunter2-hunter2-hunter2-hunter2-".utf8)))
        lines.logger(format).info("key \(secret)", metadata: ["key": .stringConvertible(secret), "text": "\(secret)"])
        #expect(lines.all.count == 1)
        #expect(!lines.all[0].contains("hunter2"))
        #expect(lines.all[0].split(separator: "<redacted>").count == 4)
    }

    @Test func anErrorIsAField() {
        struct Failure: Error, CustomStringConvertible {
            let description = "disk full"
        }
        let lines = Lines()
        lines.logger(.text).error("failed", error: Failure())
        #expect(lines.all == ["2026-01-01T00:00:00.123Z error    failed error=\"disk full\"\n"])
    }
}
