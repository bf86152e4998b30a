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
}
