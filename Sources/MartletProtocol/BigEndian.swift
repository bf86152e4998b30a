/// The bytes of an integer, the most significant first.
func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
}

extension Collection<UInt8> {
    /// The integer that these bytes are, the most significant first. They have to fit.
    func bigEndianInteger<Integer: FixedWidthInteger>() -> Integer {
        reduce(0) { $0 << 8 | Integer($1) }
    }
}
