/// What an Argon2id hash costs (RFC 9106).
public struct PasswordParameters: Sendable, Hashable {
    /// Memory in bytes. libsodium needs at least 8 KiB.
    public var memory: Int
    /// Passes over the memory; at least 1.
    public var iterations: Int

    /// OWASP's first recommendation: 19 MiB, two passes.
    public init(memory: Int = 19 * 1_024 * 1_024, iterations: Int = 2) {
        self.memory = memory
        self.iterations = iterations
    }

    /// libsodium's limit.
    static let leastMemory = 8_192

    /// What is wrong with the values; nil where nothing is.
    public var fault: String? {
        // libsodium's limits: 8 KiB, and what 32 bits can count in KiB.
        guard (Self.leastMemory...4_398_046_510_080).contains(memory) else {
            return "The memory of a password hash has to be 8 KiB to 4 TiB; 19 MiB is recommended."
        }
        guard (1...Int(UInt32.max)).contains(iterations) else {
            return "The iterations of a password hash have to be at least 1; 2 are recommended."
        }
        return nil
    }
}
