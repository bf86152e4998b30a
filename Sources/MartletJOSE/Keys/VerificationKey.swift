/// A public key that checks signatures of one algorithm.
public struct VerificationKey: Sendable {
    // One object, so that a copy costs one reference: each verified token keeps its key.
    private final class Storage: Sendable {
        let keyID: String
        let algorithm: SignatureAlgorithm
        let thumbprint: String
        let publicKey: PublicKey
        let signatureCount: Int
        let mintedHeader: [UInt8]

        init(_ jwk: JWK, algorithm: SignatureAlgorithm) throws(JOSEError) {
            self.publicKey = try PublicKey(jwk.material, algorithm: algorithm)
            self.signatureCount = jwk.material.signatureCount
            self.algorithm = algorithm
            self.thumbprint = jwk.thumbprint
            self.keyID = jwk.keyID ?? self.thumbprint
            self.mintedHeader = AccessTokenSigner.encodedHeader(algorithm: algorithm, keyID: self.keyID)
        }
    }

    private let storage: Storage

    /// The name by which headers call the key: its `kid`, or its thumbprint if it has none.
    public var keyID: String { self.storage.keyID }

    /// The one algorithm the key is for.
    public var algorithm: SignatureAlgorithm { self.storage.algorithm }

    /// RFC 7638, so that another key of the same name is not taken for this one.
    var thumbprint: String { self.storage.thumbprint }

    var publicKey: PublicKey { self.storage.publicKey }

    /// The length of every signature of this key, in bytes.
    var signatureCount: Int { self.storage.signatureCount }

    /// The header of the access tokens that we sign with the key, encoded and with its dot. Most tokens begin with one,
    /// byte for byte, and such a header needs no parsing: it is what parsing would find to be right.
    var mintedHeader: [UInt8] { self.storage.mintedHeader }

    /// Makes a key ready to check signatures.
    ///
    /// - Parameters:
    ///   - jwk: The key.
    ///   - algorithm: What the key is for, where it does not say so itself. An RSA key must have it from one or the
    ///     other; the other kinds have one algorithm only.
    /// - Throws: ``JOSEError/Code/invalidKey`` if the key is not for signatures, or its algorithm is not known or not
    ///   the one that was asked for.
    public init(_ jwk: JWK, algorithm: SignatureAlgorithm? = nil) throws(JOSEError) {
        guard jwk.use == nil || jwk.use == "sig", jwk.operations?.contains("verify") ?? true else {
            throw JOSEError(
                .invalidKey, "The key must be one for signatures: `use` is `sig`, or `key_ops` has `verify`.")
        }
        self.storage = try Storage(jwk, algorithm: jwk.onlyAlgorithm(expected: algorithm))
    }

    /// Whether both are the same key, for the same algorithm, under the same name.
    func isSame(as other: VerificationKey) -> Bool {
        self.algorithm == other.algorithm && self.thumbprint == other.thumbprint
            && self.keyID.isIdentical(to: other.keyID)
    }

    /// Whether the key made this signature for this message.
    ///
    /// - Parameters:
    ///   - signature: The signature as JWS has it (RFC 7518 §3): for ES256 the 64 bytes of r and s.
    ///   - message: What was signed: for a JWS, the encoded header, a dot, and the encoded payload.
    public func isValidSignature(_ signature: some Sequence<UInt8>, for message: some Sequence<UInt8>) -> Bool {
        message.withBytes { message in
            signature.withBytes { signature in
                unsafe signature.withUnsafeBufferPointer { unsafe self.publicKey.isValidSignature($0, for: message) }
            }
        }
    }
}

extension JWK {
    /// The one algorithm the key is for.
    func onlyAlgorithm(expected: SignatureAlgorithm?) throws(JOSEError) -> SignatureAlgorithm {
        let candidates = self.algorithm.map { [$0] } ?? self.material.algorithms
        if let expected {
            guard candidates.contains(expected) else {
                throw JOSEError(.invalidKey, "The key must be one for \(expected).")
            }
            return expected
        }
        guard candidates.count == 1 else {
            throw JOSEError(.invalidKey, "An RSA key must say in `alg` which of RS256 and PS256 it is for.")
        }
        return candidates[0]
    }
}
