import Crypto

/// A public key as a JSON Web Key (RFC 7517): P-256, Ed25519 or RSA.
///
/// A value of this type is a key that can be used: the point is on the curve, the modulus is of a sane size.
/// Private and symmetric keys are refused, so that a secret never travels as a public key by mistake.
public struct JWK: Hashable, Sendable {
    /// The numbers that make up the key.
    enum Material: Hashable, Sendable {
        /// P-256: the coordinates, 32 bytes each.
        case p256(x: [UInt8], y: [UInt8])
        /// Ed25519: the 32 bytes of the key.
        case ed25519(x: [UInt8])
        /// RSA: modulus and exponent, big-endian, without leading zeros.
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    let material: Material

    /// `kid`: the key's name.
    public let keyID: String?

    /// `alg`: the one algorithm the key is for.
    public let algorithm: SignatureAlgorithm?

    /// `use`: `sig` for signatures.
    public let use: String?

    /// `key_ops`: what the key may be used for.
    public let operations: [String]?

    /// - Throws: ``JOSEError/Code/invalidKey`` if the algorithm is not one for this kind of key.
    init(
        _ material: Material,
        keyID: String?,
        algorithm: SignatureAlgorithm?,
        use: String?,
        operations: [String]? = nil
    ) throws(JOSEError) {
        self.material = material
        self.keyID = keyID
        self.algorithm = algorithm
        self.use = use
        self.operations = operations
        if let algorithm, !material.algorithms.contains(algorithm) {
            throw JOSEError(.invalidKey, "`alg` must be one for this `kty` and `crv`.")
        }
    }

    /// The SHA-256 thumbprint, in base64url (RFC 7638). It depends on nothing but the key itself.
    public var thumbprint: String { self.material.thumbprint }
}

extension JWK.Material {
    /// The algorithms that a key of this kind can be used with.
    var algorithms: [SignatureAlgorithm] {
        switch self {
        case .p256: [.es256]
        case .ed25519: [.edDSA]
        case .rsa: [.rs256, .ps256]
        }
    }

    /// The length of every signature of a key of this kind, in bytes (RFC 7518 §3, RFC 8032 §5.1.6).
    var signatureCount: Int {
        switch self {
        case .p256, .ed25519: 64
        case .rsa(let modulus, _): modulus.count
        }
    }

    /// The members that a public key of this kind is made of (RFC 7518 §6, RFC 8037 §2).
    var members: [(name: String, value: String)] {
        switch self {
        case .p256(let x, let y):
            [("kty", "EC"), ("crv", "P-256"), ("x", Base64URL.encode(x)), ("y", Base64URL.encode(y))]
        case .ed25519(let x):
            [("kty", "OKP"), ("crv", "Ed25519"), ("x", Base64URL.encode(x))]
        case .rsa(let modulus, let exponent):
            [("kty", "RSA"), ("n", Base64URL.encode(modulus)), ("e", Base64URL.encode(exponent))]
        }
    }

    /// RFC 7638 §3: a hash over the required members only, in the order of their names, without white space.
    var thumbprint: String {
        var writer = JSONWriter()
        writer.object { writer in
            for member in self.members.sorted(by: { $0.name < $1.name }) {
                writer.member(member.name, member.value)
            }
        }
        return Base64URL.encode(SHA256.hash(data: writer.bytes))
    }
}
