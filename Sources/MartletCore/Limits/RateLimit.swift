import MartletProtocol

/// So many at once, then one every so often: a leaky bucket that is counted as time (GCRA, ITU-T I.371).
public struct RateLimit: Sendable, Hashable {
    /// How many are let through at once; at least 1.
    public var burst: Int
    /// How long it takes until one more is let through; at least a millisecond.
    public var interval: Duration

    public init(_ burst: Int, then interval: Duration) {
        self.burst = burst
        self.interval = interval
    }

    /// As it is written in the configuration: `10+1/5m`.
    public var text: String { "\(burst)+1/\(interval.text)" }

    /// Reads `10+1/5m`.
    ///
    /// - Returns: nil for anything else, and for limits that let nothing through or are too long to count.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let burst = Int(parts[0]),
            parts[1].hasPrefix("1/"), let interval = Duration(text: parts[1].dropFirst(2))
        else { return nil }
        self.init(burst, then: interval)
        guard isValid else { return nil }
    }

    /// Whether it lets something through, and its times can be counted.
    var isValid: Bool {
        (1...1_000_000).contains(burst) && (.milliseconds(1) ... .seconds(86_400)).contains(interval)
    }
}
