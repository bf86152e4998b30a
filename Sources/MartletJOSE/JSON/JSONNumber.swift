/// A JSON number: exact where it is an integer of 64 bits, else the nearest double.
public struct JSONNumber: Hashable, Sendable {
    // A double that is such an integer is always held as the integer, so that equal numbers compare equal.
    private enum Value: Hashable, Sendable {
        case integer(Int64)
        case double(Double)
    }

    private let value: Value

    /// An integer.
    public init(_ integer: Int64) {
        self.value = .integer(integer)
    }

    /// A number, or nothing for an infinity and for what is not a number, which JSON cannot write.
    public init?(_ double: Double) {
        guard double.isFinite else {
            return nil
        }
        self.value = Int64(exactly: double).map(Value.integer) ?? .double(double)
    }

    /// The number, where it is an integer of 64 bits.
    public var integer: Int64? {
        switch self.value {
        case .integer(let integer): integer
        case .double: nil
        }
    }

    /// The number as the nearest double.
    public var double: Double {
        switch self.value {
        case .integer(let integer): Double(integer)
        case .double(let double): double
        }
    }
}
