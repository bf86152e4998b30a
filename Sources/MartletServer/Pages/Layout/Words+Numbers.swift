import MartletProtocol

extension Words {
    /// `1,234,567`
    func number(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        let grouped = digits.indices.map { index in
            index > 0 && (digits.count - index) % 3 == 0
                ? groupSeparator + String(digits[index]) : String(digits[index])
        }
        return (number < 0 ? "-" : "") + grouped.joined()
    }

    /// How long ago it was, with the time itself for those who want to know it.
    func ago(_ time: Timestamp, now: Timestamp) -> HTML {
        "<time datetime=\"\(time.description)\" title=\"\(full(time))\">\(words(time, now: now))</time>"
    }

    /// The time itself, in UTC: without a script nobody knows the reader's zone.
    func time(_ time: Timestamp) -> HTML {
        "<time datetime=\"\(time.description)\">\(full(time))</time>"
    }

    func date(_ time: Timestamp) -> HTML {
        "<time datetime=\"\(time.description)\" title=\"\(full(time))\">\(day(time))</time>"
    }

    private func words(_ time: Timestamp, now: Timestamp) -> String {
        let seconds = (now - time).wholeSeconds
        return switch seconds {
        // Another node's clock may be ahead.
        case -60..<60: self.now
        case 60..<3_600: minutes(seconds / 60)
        case 3_600..<86_400: hours(seconds / 3_600)
        case 86_400..<(30 * 86_400): days(seconds / 86_400)
        default: day(time)
        }
    }

    /// `27 Nov 2026, 05:16 UTC`
    func full(_ time: Timestamp) -> String {
        "\(day(time)), \(time.description.dropFirst(11).prefix(5)) UTC"
    }

    /// `27 Nov`
    func shortDay(_ time: Timestamp) -> String {
        day(time).split(separator: " ").dropLast().joined(separator: " ")
    }

    /// `27 Nov 2026`
    func day(_ time: Timestamp) -> String {
        let parts = time.description.prefix(10).split(separator: "-")
        guard parts.count == 3, let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month) else {
            return time.description
        }
        return "\(day) \(months[month - 1]) \(parts[0])"
    }
}
