import MartletProtocol

extension String {
    /// The text without what moves a terminal's cursor or turns its letters around: names, devices and user agents
    /// are written by others.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control where scalar != "\n", .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    // Letters of many scripts and emoji are joined by these two.
                    case .format where scalar != "\u{200C}" && scalar != "\u{200D}": "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}

extension Timestamp {
    /// `2026-01-01 12:30:00Z`.
    var printable: String {
        let text = Timestamp(seconds: seconds).description
        return "\(text.prefix(10)) \(text.dropFirst(11))"
    }
}

extension Bool {
    var printable: String { self ? "yes" : "no" }
}
