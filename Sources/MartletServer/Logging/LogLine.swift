import Logging
import MartletProtocol

/// One event of the log, ready to be written as one line.
///
/// Whatever the values hold, the line stays one line: control characters are escaped in both formats, so that a user
/// name cannot forge an entry.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    let label: String
    let message: String
    /// In order.
    let fields: [(name: String, value: Logger.MetadataValue)]

    /// The line with its line feed.
    func text(_ format: LogFormat) -> String {
        var line = ""
        switch format {
        case .text: appendText(to: &line)
        case .json: appendJSON(to: &line)
        }
        line.append("\n")
        return line
    }

    private func appendText(to line: inout String) {
        line.append("\(time) \(level.rawValue)")
        line.append(String(repeating: " ", count: max(1, 9 - level.rawValue.utf8.count)))
        line.appendEscaped(message, quoteEscaped: false)
        for (name, value) in fields {
            line.append(" ")
            line.appendWord(name)
            line.append("=")
            line.appendWord(value.description)
        }
    }

    private func appendJSON(to line: inout String) {
        line.append(#"{"time":"\#(time)","level":"\#(level.rawValue)","logger":"#)
        line.appendJSONString(label)
        line.append(#","message":"#)
        line.appendJSONString(message)
        for (name, value) in fields {
            line.append(",")
            // The four names above stay what they are.
            line.appendJSONString(["time", "level", "logger", "message"].contains(name) ? name + "_" : name)
            line.append(":")
            line.appendJSON(value)
        }
        line.append("}")
    }
}

extension String {
    /// Appends a text as it stands if it has no blanks or quotes, else in quotes.
    fileprivate mutating func appendWord(_ text: String) {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        if isPlain {
            appendEscaped(text, quoteEscaped: false)
        } else {
            append("\"")
            appendEscaped(text, quoteEscaped: true)
            append("\"")
        }
    }

    fileprivate mutating func appendJSONString(_ text: String) {
        append("\"")
        appendEscaped(text, quoteEscaped: true)
        append("\"")
    }

    /// Escapes as JSON does (RFC 8259 §7), and the line breaks and the control characters beyond ASCII as well.
    fileprivate mutating func appendEscaped(_ text: String, quoteEscaped: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quoteEscaped: append("\\\"")
            case "\\" where quoteEscaped: append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\u{2028}", "\u{2029}": appendUnicodeEscape(scalar)
            case _ where scalar.properties.generalCategory == .control: appendUnicodeEscape(scalar)
            default: unicodeScalars.append(scalar)
            }
        }
    }

    private mutating func appendUnicodeEscape(_ scalar: Unicode.Scalar) {
        let digits = String(scalar.value, radix: 16)
        append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
    }

    fileprivate mutating func appendJSON(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendJSONString(text)
        case .stringConvertible(let convertible): appendJSONString(convertible.description)
        case .array(let values):
            append("[")
            for (index, element) in values.enumerated() {
                if index > 0 { append(",") }
                appendJSON(element)
            }
            append("]")
        case .dictionary(let members):
            append("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendJSONString(member.key)
                append(":")
                appendJSON(member.value)
            }
            append("}")
        }
    }
}
