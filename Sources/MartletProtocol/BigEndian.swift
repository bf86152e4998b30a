/// The bytes of an integer, the most significant first.
func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
}

extension [UInt8] {
    /// Appends the bytes of an integer, the most significant first.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

extension Collection<UInt8> {
    /// The integer that these bytes are, the most significant first. They have to fit.
    func bigEndianInteger<Integer: FixedWidthInteger>() -> Integer {
        reduce(0) { $0 << 8 | Integer($1) }
    }
}
