import MartletCore

/// Writes metrics as Prometheus reads them: the text format, version 0.0.4.
///
/// The names, help texts and labels are written by us and need no escaping, which is held to be true by a test.
struct MetricsText {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Labels = KeyValuePairs<String, String>

    private(set) var text = ""
    private var name = ""

    /// Begins a metric. Its samples follow.
    ///
    /// - Parameter name: with the unit at its end, and `_total` where it counts.
    mutating func begin(_ kind: Kind, _ name: String, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ labels: Labels, _ value: Int) {
        line("", labels, "\(value)")
    }

    mutating func sample(_ labels: Labels, _ value: Double) {
        line("", labels, "\(value)")
    }

    /// All samples of a histogram, in seconds.
    mutating func samples(_ labels: Labels, _ reading: DurationHistogram.Reading) {
        for (index, count) in reading.cumulative.enumerated() {
            line("_bucket", labels, "\(count)", upTo: Self.bounds[index])
        }
        line("_sum", labels, "\(Double(reading.total) / 1e9)")
        line("_count", labels, "\(reading.count)")
    }

    private static let bounds = DurationHistogram.bounds.map { "\(Double($0) / 1e9)" } + ["+Inf"]

    private mutating func line(_ suffix: String, _ labels: Labels, _ value: String, upTo bound: String? = nil) {
        var pairs = labels.map { "\($0.key)=\"\($0.value)\"" }
        if let bound { pairs.append("le=\"\(bound)\"") }
        text += name + suffix
        if !pairs.isEmpty { text += "{\(pairs.joined(separator: ","))}" }
        text += " \(value)\n"
    }
}

extension MetricsText {
    /// A metric of one sample.
    mutating func counter(_ name: String, _ help: String, _ value: Int) {
        begin(.counter, name, help)
        sample([:], value)
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Int) {
        begin(.gauge, name, help)
        sample([:], value)
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        begin(.gauge, name, help)
        sample([:], value)
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: DurationHistogram) {
        begin(.histogram, name, help)
        samples([:], histogram.reading)
    }
}
