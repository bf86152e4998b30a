extension Duration {
    /// Whole milliseconds, towards zero.
    public var wholeMilliseconds: Int64 {
        // One division of 128 bits, where `components` takes two each time.
        Int64(attoseconds / 1_000_000_000_000_000)
    }

    /// Whole seconds, towards zero.
    public var wholeSeconds: Int64 {
        components.seconds
    }

    /// The duration in the largest unit that divides it evenly: `5s`, `90m`, `7d`; milliseconds (`250ms`) where no
    /// larger unit does.
    public var text: String {
        let milliseconds = wholeMilliseconds
        for (unit, length) in durationUnits where milliseconds % length == 0 && (milliseconds != 0 || unit == "s") {
            return String(milliseconds / length) + unit
        }
        return String(milliseconds) + "ms"
    }

    /// Reads a whole number with a unit: `250ms`, `5s`, `30m`, `12h`, `7d`.
    ///
    /// - Returns: nil for anything else: no unit, an unknown unit, a sign, a fraction, or more than a thousand years.
    public init?(text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = String(text.dropFirst(digits.count))
        guard let value = Int64(digits) else { return nil }
        let length = unit == "ms" ? 1 : durationUnits.first { $0.unit == unit }?.length
        guard let length, case let (milliseconds, overflow) = value.multipliedReportingOverflow(by: length),
            !overflow, milliseconds <= 1_000 * 366 * 86_400_000
        else { return nil }
        self = .milliseconds(milliseconds)
    }
}

private let durationUnits: [(unit: String, length: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
]
