/// Sizes as the configuration writes them: `512B`, `16KiB`, `19MiB`; a bare number counts bytes.
enum ByteCount {
    private static let units: [(name: String, length: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// - Returns: nil for anything but a whole number with a unit or without.
    static func read(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let value = Int(digits) else { return nil }
        guard !unit.isEmpty else { return value }
        guard let length = units.first(where: { $0.name == unit })?.length else { return nil }
        let (bytes, overflow) = value.multipliedReportingOverflow(by: length)
        return overflow ? nil : bytes
    }

    /// The size in the largest unit that divides it evenly.
    static func write(_ bytes: Int) -> String {
        let unit = units.first { bytes % $0.length == 0 && bytes != 0 } ?? ("B", 1)
        return "\(bytes / unit.length)\(unit.name)"
    }
}
