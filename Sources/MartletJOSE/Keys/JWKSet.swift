/// A set of public keys (RFC 7517 §5), as an authority publishes it.
public struct JWKSet: Hashable, Sendable {
    /// The keys that can be used.
    public var keys: [JWK]

    /// Why each of the other keys of the set was left out: not known here, or malformed.
    public let skipped: [JOSEError]

    /// How much JSON a key set is at most: 1 MiB.
    static let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 8, maximumMembers: 20_000)

    /// A set of these keys.
    public init(keys: [JWK]) {
        self.keys = keys
        self.skipped = []
    }

    /// Reads a set from JSON text.
    ///
    /// Keys that cannot be used are skipped, as RFC 7517 §5 has it, and counted in ``skipped``: one key of a new kind
    /// must not take the others away.
    ///
    /// - Throws: ``JOSEError/Code/malformed``, ``JOSEError/Code/tooLarge`` or, where the text is not a key set,
    ///   ``JOSEError/Code/invalidKey``.
    public init(parsing bytes: some Sequence<UInt8>) throws(JOSEError) {
        guard let values = try JSONValue(parsing: bytes, limits: Self.limits)["keys"]?.array else {
            throw JOSEError(.invalidKey, "A JWK set must be a JSON object with an array `keys`.")
        }
        var keys: [JWK] = []
        var skipped: [JOSEError] = []
        for value in values {
            do throws(JOSEError) {
                guard let object = value.object else {
                    throw JOSEError(.invalidKey, "A JWK must be a JSON object.")
                }
                keys.append(try JWK(object))
            } catch {
                skipped.append(error)
            }
        }
        self.keys = keys
        self.skipped = skipped
    }

    /// The set as JSON text, without what was skipped.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("keys", .array(self.keys.map { .object($0.object) }))
        }
        return writer.bytes
    }
}
