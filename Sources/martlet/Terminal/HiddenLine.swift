/// A line that is typed without being shown, byte by byte.
struct HiddenLine {
    enum Outcome: Equatable {
        case more
        case done
        /// Ctrl-C, or Ctrl-D on an empty line.
        case abandoned
    }

    private(set) var bytes: [UInt8] = []

    mutating func type(_ byte: UInt8) -> Outcome {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .done
        case 0x03: return .abandoned
        case 0x04: return bytes.isEmpty ? .abandoned : .more
        case 0x08, 0x7F: removeLastScalar()
        case 0x15: bytes = []
        default: bytes.append(byte)
        }
        return .more
    }

    private mutating func removeLastScalar() {
        while let byte = bytes.popLast(), byte & 0b1100_0000 == 0b1000_0000 {}
    }
}
