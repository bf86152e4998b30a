/// How much JSON is read before it is refused.
public struct JSONLimits: Hashable, Sendable {
    /// The largest text, in bytes.
    public var maximumBytes: Int

    /// How deep arrays and objects may nest. A number or string at the top has depth 0. At most 512 is honoured.
    public var maximumDepth: Int

    /// How many members and elements there may be, in all objects and arrays together.
    public var maximumMembers: Int

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - maximumBytes: The largest text, in bytes.
    ///   - maximumDepth: How deep arrays and objects may nest, at most 512.
    ///   - maximumMembers: How many members and elements there may be in all.
    public init(maximumBytes: Int = 1 << 20, maximumDepth: Int = 32, maximumMembers: Int = 10_000) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumMembers = maximumMembers
    }

    /// 1 MiB, 32 levels, 10,000 members and elements.
    public static let `default` = JSONLimits()

    /// For JOSE headers and claims, whose size the token's own limit has already bounded.
    static let jose = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 16, maximumMembers: 1_000)
}
