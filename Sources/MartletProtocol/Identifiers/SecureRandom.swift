/// The system's random numbers: unpredictable, for keys, tokens and identifiers.
///
/// `SystemRandomNumberGenerator` has nothing in it, so an `inout` of it has no address, and ThreadSanitizer (Swift 6.3,
/// Linux) crashes where it notes the access. The byte in here gives it one.
public struct SecureRandom: RandomNumberGenerator, Sendable {
    private var place: UInt8 = 0

    public init() {}

    public mutating func next() -> UInt64 {
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
