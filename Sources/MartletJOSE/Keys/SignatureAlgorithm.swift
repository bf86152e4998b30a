/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none` and no shared-secret algorithm.
public struct SignatureAlgorithm: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name, as in the header parameter `alg`.
    public let rawValue: String

    private init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// An algorithm by its name, or nothing if it is not one of ours. Names are case-sensitive.
    public init?(rawValue: String) {
        guard let known = Self.all.first(where: { $0.rawValue == rawValue }) else {
            return nil
        }
        self = known
    }

    public var description: String { self.rawValue }

    /// ECDSA on P-256 with SHA-256.
    public static let es256 = Self("ES256")
    /// EdDSA with Ed25519.
    public static let edDSA = Self("EdDSA")
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    public static let rs256 = Self("RS256")
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, and a salt of 32 bytes.
    public static let ps256 = Self("PS256")

    /// All algorithms that are supported.
    public static let all = [es256, edDSA, rs256, ps256]
}
