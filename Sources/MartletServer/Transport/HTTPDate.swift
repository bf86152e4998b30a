import MartletProtocol
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The `Date` header field (RFC 9110 §5.6.7), written once a second.
enum HTTPDate {
    private static let last = Mutex<(seconds: Int64, text: String)>((Int64.min, ""))

    static func now() -> String {
        let seconds = Int64(Date().timeIntervalSince1970)
        return last.withLock { last in
            if last.seconds != seconds { last = (seconds, text(Timestamp(seconds: seconds))) }
            return last.text
        }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads an IMF-fixdate; nil for anything else.
    static func read(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", parts[1].utf8.count == 2,
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    /// The time as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ time: Timestamp) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        // 2026-01-01T12:30:00Z
        let whole = Timestamp(seconds: time.seconds).description
        let date = whole.split(separator: "T")[0].split(separator: "-")
        let month = months[(Int(date[1]) ?? 1) - 1]
        let day = Int(time.seconds / 86_400) % 7
        return "\(days[day]), \(date[2]) \(month) \(date[0]) \(whole.split(separator: "T")[1].dropLast()) GMT"
    }
}
