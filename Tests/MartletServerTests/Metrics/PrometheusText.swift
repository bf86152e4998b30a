import Testing

/// Metrics in Prometheus' text format 0.0.4, read more strictly than Prometheus does: each metric is one block that
/// begins with HELP and TYPE, nothing is there twice, and histograms add up.
struct PrometheusText {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Metric {
        let type: String
        let help: String
        var samples: [Sample] = []
    }

    private(set) var metrics: [String: Metric] = [:]

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(description: "the last line has no end") }
        var help: (name: String, text: String)?
        var current: String?
        var series: Set<String> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: /# HELP ([a-z_]+) ([^\\]+)/) {
                help = (String(match.output.1), String(match.output.2))
            } else if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                let name = String(match.output.1)
                guard let help, help.name == name, metrics[name] == nil else {
                    throw Malformed(description: "TYPE without HELP, or twice: \(line)")
                }
                metrics[name] = Metric(type: String(match.output.2), help: help.text)
                current = name
            } else if let match = line.wholeMatch(of: /([a-z_]+)(?:\{(.*)\})? ([0-9.e+-]+)/) {
                guard let current, let value = Double(match.output.3) else {
                    throw Malformed(description: "no value: \(line)")
                }
                let sample = Sample(
                    name: String(match.output.1), labels: try Self.labels(match.output.2 ?? ""), value: value)
                guard Self.names(of: current, metrics[current]?.type).contains(sample.name) else {
                    throw Malformed(description: "not in its block: \(line)")
                }
                guard series.insert("\(sample.name)\(sample.labels.sorted { $0.key < $1.key })").inserted else {
                    throw Malformed(description: "a second time: \(line)")
                }
                metrics[current]?.samples.append(sample)
            } else {
                throw Malformed(description: "no line of the format: \(line)")
            }
        }
        for (name, metric) in metrics { try Self.check(metric, name) }
    }

    /// The value of a sample; nil where there is none.
    subscript(name: String, labels: [String: String] = [:]) -> Double? {
        let base = ["_bucket", "_sum", "_count"].lazy.filter(name.hasSuffix).map { String(name.dropLast($0.count)) }
        let metric = metrics[name] ?? base.compactMap { metrics[$0] }.first
        return metric?.samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private static func names(of name: String, _ type: String?) -> [String] {
        type == "histogram" ? ["_bucket", "_sum", "_count"].map { name + $0 } : [name]
    }

    private static func labels(_ text: Substring) throws -> [String: String] {
        if text.isEmpty { return [:] }
        return try text.split(separator: ",").reduce(into: [:]) { labels, pair in
            guard let match = pair.wholeMatch(of: /([a-z_]+)="([A-Za-z0-9_.+-]+)"/),
                labels.updateValue(String(match.output.2), forKey: String(match.output.1)) == nil
            else { throw Malformed(description: "no label: \(pair)") }
        }
    }

    private static func check(_ metric: Metric, _ name: String) throws {
        guard (metric.type == "counter") == name.hasSuffix("_total") else {
            throw Malformed(description: "\(name) is a \(metric.type)")
        }
        guard metric.samples.allSatisfy({ $0.value >= 0 }) else { throw Malformed(description: "\(name) is negative") }
        guard metric.type == "histogram" else { return }
        for count in metric.samples where count.name == "\(name)_count" {
            let buckets = metric.samples.filter { sample in
                var labels = sample.labels
                return labels.removeValue(forKey: "le") != nil && labels == count.labels
            }
            let bounds = buckets.compactMap { $0.labels["le"] == "+Inf" ? .infinity : Double($0.labels["le"] ?? "") }
            guard bounds.count == buckets.count, bounds == bounds.sorted(), bounds.last == .infinity,
                buckets.map(\.value) == buckets.map(\.value).sorted(), buckets.last?.value == count.value
            else { throw Malformed(description: "\(name) \(count.labels) does not add up") }
        }
    }
}
