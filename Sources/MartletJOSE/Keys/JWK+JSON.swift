extension JWK {
    /// The members of private and symmetric keys (RFC 7518 §6, RFC 8037 §2).
    static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// How much JSON one key is at most.
    static let limits = JSONLimits(maximumBytes: 64 << 10, maximumDepth: 8, maximumMembers: 100)

    /// Reads a public key from JSON text. Members that are not known are ignored.
    ///
    /// - Throws: ``JOSEError/Code/malformed`` or ``JOSEError/Code/tooLarge`` for the JSON,
    ///   ``JOSEError/Code/unsupportedAlgorithm`` for a `kty`, `crv` or `alg` that is not ours, and
    ///   ``JOSEError/Code/invalidKey`` for a key that is malformed, weak, or not public.
    public init(parsing bytes: some Sequence<UInt8>) throws(JOSEError) {
        guard let object = try JSONValue(parsing: bytes, limits: Self.limits).object else {
            throw JOSEError(.invalidKey, "A JWK must be a JSON object.")
        }
        try self.init(object)
    }

    /// Reads a public key from its JSON object. Throws as the other does.
    public init(_ object: JSONObject) throws(JOSEError) {
        guard !Self.privateMembers.contains(where: { object[$0] != nil }) else {
            throw JOSEError(.invalidKey, "A public JWK must not hold the members of a private or symmetric key.")
        }
        try self.init(publicPartOf: object)
    }

    /// Reads the public half of a key that may be private.
    init(publicPartOf object: JSONObject) throws(JOSEError) {
        let algorithm = try Self.optionalString("alg", of: object).map { name throws(JOSEError) in
            guard let algorithm = SignatureAlgorithm(rawValue: name) else {
                throw JOSEError(.unsupportedAlgorithm, "`alg` of a key must be one of ES256, EdDSA, RS256, PS256.")
            }
            return algorithm
        }
        var operations: [String]?
        if let value = object["key_ops"] {
            guard let strings = value.strings else {
                throw JOSEError(.invalidKey, "`key_ops` must be an array of strings.")
            }
            operations = strings
        }
        try self.init(
            Material(publicPartOf: object),
            keyID: Self.optionalString("kid", of: object),
            algorithm: algorithm,
            use: Self.optionalString("use", of: object),
            operations: operations
        )
    }

    /// The key as a JSON object.
    public var object: JSONObject {
        var object = JSONObject()
        for member in self.material.members {
            object[member.name] = .string(member.value)
        }
        object["kid"] = self.keyID.map(JSONValue.string)
        object["alg"] = (self.algorithm?.rawValue).map(JSONValue.string)
        object["use"] = self.use.map(JSONValue.string)
        object["key_ops"] = self.operations.map { .array($0.map(JSONValue.string)) }
        return object
    }

    /// The key as JSON text.
    public func serialized() -> [UInt8] {
        JSONValue.object(self.object).serialized()
    }

    static func optionalString(_ name: String, of object: JSONObject) throws(JOSEError) -> String? {
        guard let value = object[name] else {
            return nil
        }
        guard let string = value.string else {
            throw JOSEError(.invalidKey, "`\(name)` of a key must be a string.")
        }
        return string
    }

    static func requiredBytes(_ name: String, of object: JSONObject) throws(JOSEError) -> [UInt8] {
        guard let text = object[name]?.string, !text.isEmpty, let bytes = try? Base64URL.decode(text) else {
            throw JOSEError(.invalidKey, "`\(name)` of this key must be a string in base64url.")
        }
        return bytes
    }
}

extension JWK.Material {
    /// Reads the public numbers, and checks that they make a key.
    init(publicPartOf object: JSONObject) throws(JOSEError) {
        guard let type = object["kty"]?.string else {
            throw JOSEError(.invalidKey, "`kty` of a key must be a string.")
        }
        switch type {
        case "EC":
            try Self.requireCurve("P-256", of: object)
            self = .p256(
                x: try JWK.requiredBytes("x", of: object),
                y: try JWK.requiredBytes("y", of: object)
            )
        case "OKP":
            try Self.requireCurve("Ed25519", of: object)
            self = .ed25519(x: try JWK.requiredBytes("x", of: object))
        case "RSA":
            self = .rsa(
                modulus: try JWK.requiredBytes("n", of: object),
                exponent: try JWK.requiredBytes("e", of: object)
            )
        default:
            throw JOSEError(.unsupportedAlgorithm, "`kty` must be one of EC, OKP, RSA.")
        }
        try self.check()
    }

    private static func requireCurve(_ curve: String, of object: JSONObject) throws(JOSEError) {
        guard let value = object["crv"]?.string else {
            throw JOSEError(.invalidKey, "`crv` of this key must be a string.")
        }
        guard value.isIdentical(to: curve) else {
            throw JOSEError(.unsupportedAlgorithm, "`crv` of a key of this `kty` must be \(curve).")
        }
    }

    private func check() throws(JOSEError) {
        switch self {
        case .p256, .ed25519:
            _ = try PublicKey(self, algorithm: self.algorithms[0])
        case .rsa(let modulus, let exponent):
            try Self.checkRSA(modulus: modulus, exponent: exponent)
            _ = try PublicKey(self, algorithm: .rs256)
        }
    }

    /// RFC 7518 §3.3 wants 2048 bits at least. Beyond 8192 bits, or with a large exponent, checking a signature takes
    /// so long that the key itself is an attack.
    private static func checkRSA(modulus: [UInt8], exponent: [UInt8]) throws(JOSEError) {
        guard let modulusHead = modulus.first, let exponentHead = exponent.first, modulusHead != 0, exponentHead != 0
        else {
            throw JOSEError(.invalidKey, "`n` and `e` must be written without leading zero bytes.")
        }
        let bits = modulus.count * 8 - modulusHead.leadingZeroBitCount
        guard (2048...8192).contains(bits), let tail = modulus.last, tail & 1 == 1 else {
            throw JOSEError(.invalidKey, "`n` must be odd, and have 2048 to 8192 bits.")
        }
        guard exponent.count <= 5 else {
            throw JOSEError(.invalidKey, "`e` must be odd, at least 3, and less than 2^33.")
        }
        let value = exponent.reduce(into: UInt64(0)) { $0 = $0 << 8 | UInt64($1) }
        guard value & 1 == 1, value >= 3, value < 1 << 33 else {
            throw JOSEError(.invalidKey, "`e` must be odd, at least 3, and less than 2^33.")
        }
    }
}
