/// A private key that signs with one algorithm.
///
/// Printing it shows its name and algorithm, never the key.
public struct SigningKey: Sendable {
    /// The public half, with `kid`, `alg` and `use`.
    public let jwk: JWK

    /// The name by which headers call the key.
    public let keyID: String

    /// The one algorithm the key is for.
    public let algorithm: SignatureAlgorithm

    let privateKey: PrivateKey

    /// The length of every signature of this key, in bytes.
    let signatureCount: Int

    /// Makes a new key from the system's randomness. Its name is its thumbprint (RFC 7638).
    ///
    /// RSA keys have 2048 bits and take long to make, a tenth of a second and more: keep that off shared threads.
    public init(generating algorithm: SignatureAlgorithm) {
        let privateKey = PrivateKey(generating: algorithm)
        do {
            try self.init(
                privateKey,
                material: privateKey.publicMaterial(),
                keyID: nil,
                algorithm: algorithm
            )
        } catch {
            preconditionFailure("a new key is a valid one: \(error)")
        }
    }

    /// Reads a key from a private JWK, as ``serializedPrivateJWK()`` writes it.
    ///
    /// - Throws: ``JOSEError/Code/malformed``, ``JOSEError/Code/unsupportedAlgorithm`` or
    ///   ``JOSEError/Code/invalidKey``; the latter also where the private half does not belong to the public one, and
    ///   for an RSA key without `alg` or without its primes. Errors never quote the key.
    public init(privateJWK bytes: some Sequence<UInt8>) throws(JOSEError) {
        guard let object = try JSONValue(parsing: bytes, limits: JWK.limits).object else {
            throw JOSEError(.invalidKey, "A JWK must be a JSON object.")
        }
        let jwk = try JWK(publicPartOf: object)
        guard jwk.use == nil || jwk.use == "sig", jwk.operations?.contains("sign") ?? true else {
            throw JOSEError(.invalidKey, "The key must be one for signing: `use` is `sig`, or `key_ops` has `sign`.")
        }
        let algorithm = try jwk.onlyAlgorithm(expected: nil)
        try self.init(
            PrivateKey(object, public: jwk.material, algorithm: algorithm),
            material: jwk.material,
            keyID: jwk.keyID,
            algorithm: algorithm
        )
    }

    private init(
        _ privateKey: PrivateKey,
        material: JWK.Material,
        keyID: String?,
        algorithm: SignatureAlgorithm
    ) throws(JOSEError) {
        let keyID = keyID ?? material.thumbprint
        self.privateKey = privateKey
        self.jwk = try JWK(material, keyID: keyID, algorithm: algorithm, use: "sig")
        self.keyID = keyID
        self.algorithm = algorithm
        self.signatureCount = material.signatureCount
    }

    /// The whole key as JSON text. It is a secret: encrypt it at rest, and never log it.
    public func serializedPrivateJWK() -> [UInt8] {
        var object = self.jwk.object
        do {
            for member in try self.privateKey.privateMembers() {
                object[member.name] = .string(Base64URL.encode(member.value))
            }
        } catch {
            preconditionFailure("a key that was accepted has its numbers: \(error)")
        }
        return JSONValue.object(object).serialized()
    }

    /// Signs a message.
    ///
    /// - Parameter message: What to sign: for a JWS, the encoded header, a dot, and the encoded payload.
    /// - Returns: The signature as JWS has it (RFC 7518 §3): for ES256 the 64 bytes of r and s.
    /// - Throws: ``JOSEError/Code/invalidKey`` if the key cannot sign.
    public func signature(for message: some Sequence<UInt8>) throws(JOSEError) -> [UInt8] {
        try message.withBytes { message throws(JOSEError) in
            Array(try self.privateKey.signature(for: message))
        }
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "SigningKey(\(self.algorithm), \(self.keyID), <redacted>)" }

    public var debugDescription: String { self.description }

    public var customMirror: Mirror {
        Mirror(self, children: ["keyID": self.keyID, "algorithm": self.algorithm], displayStyle: .struct)
    }
}
