import Synchronization

/// A short name for one request in logs and in the header field `X-Request-Id`: 16 hexadecimal digits.
///
/// It is ours alone: what a client sends under that name is not taken over, so that it cannot write into our logs.
public struct AuthorityRequestID: Hashable, Sendable, CustomStringConvertible {
    let value: UInt64

    private static let process = UInt64(UInt32.random(in: .min ... .max)) << 32
    private static let next = Atomic<UInt32>(UInt32.random(in: .min ... .max))

    /// The next id of this process.
    public init() {
        value = Self.process | UInt64(Self.next.wrappingAdd(1, ordering: .relaxed).oldValue)
    }

    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
