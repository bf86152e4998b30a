/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Everything that Martlet stores or sends is kept to the millisecond; JWT claims are its whole seconds
/// (RFC 7519 §2, NumericDate).
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970.
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// - Parameter seconds: whole seconds since 1970.
    public init(seconds: Int64) {
        self.milliseconds = seconds * 1_000
    }

    /// Whole seconds since 1970, rounded down: a NumericDate.
    public var seconds: Int64 {
        milliseconds.flooredQuotient(by: 1_000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(milliseconds: left.milliseconds + right.wholeMilliseconds)
    }

    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(milliseconds: left.milliseconds - right.wholeMilliseconds)
    }

    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }
}

extension Int64 {
    /// The quotient rounded down, so that times before 1970 fall on the right side too.
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
