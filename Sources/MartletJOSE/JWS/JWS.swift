/// JSON Web Signatures in compact serialization (RFC 7515 §7.1).
public enum JWS {
    /// Signs a payload.
    ///
    /// - Parameters:
    ///   - payload: The bytes to sign.
    ///   - header: Parameters beside `alg` and `kid`, which the key gives; `typ`, for one.
    ///   - key: The key to sign with.
    /// - Returns: The compact JWS.
    /// - Throws: ``JOSEError/Code/unsupportedHeader`` if the header has `alg`, `kid`, `crit` or `b64`.
    public static func sign(
        payload: some Sequence<UInt8>,
        header: JSONObject = [:],
        key: SigningKey
    ) throws(JOSEError) -> String {
        for name in ["alg", "kid", "crit", "b64"] where header[name] != nil {
            throw JOSEError(.unsupportedHeader, "The header's own parameters must not have `\(name)`.")
        }
        var parameters: JSONObject = ["alg": .string(key.algorithm.rawValue), "kid": .string(key.keyID)]
        for member in header.members {
            parameters[member.name] = member.value
        }
        return try payload.withBytes { payload throws(JOSEError) in
            try CompactJWS.sign(payload, header: JWSHeader.encoded(parameters), key: key)
        }
    }

    /// Checks a compact JWS against the key that its header names.
    ///
    /// - Parameters:
    ///   - compact: The compact JWS.
    ///   - keys: The keys that are trusted.
    ///   - expectedType: What `typ` must be; `nil` if it does not matter. Say it wherever one key signs things of
    ///     several kinds (RFC 8725 §3.11).
    /// - Throws: ``JOSEError/Code/malformed``, ``JOSEError/Code/unsupportedAlgorithm``,
    ///   ``JOSEError/Code/unsupportedHeader``, ``JOSEError/Code/unknownKey`` or ``JOSEError/Code/invalidSignature``.
    public static func verify(
        _ compact: some StringProtocol,
        keys: VerificationKeySet,
        expectedType: String?
    ) throws(JOSEError) -> VerifiedJWS {
        try self.verify(compact, expectedType: expectedType) { header throws(JOSEError) in
            try header.key(in: keys)
        }
    }

    /// Checks a compact JWS against one key, for protocols that settle by other means which key it must be.
    ///
    /// `kid` is not looked at. Throws as the other does, except for ``JOSEError/Code/unknownKey``.
    public static func verify(
        _ compact: some StringProtocol,
        key: VerificationKey,
        expectedType: String?
    ) throws(JOSEError) -> VerifiedJWS {
        try self.verify(compact, expectedType: expectedType) { header throws(JOSEError) in
            try header.requireAlgorithm(of: key)
            return key
        }
    }

    private static func verify(
        _ compact: some StringProtocol,
        expectedType: String?,
        selecting: (JWSHeader) throws(JOSEError) -> VerificationKey
    ) throws(JOSEError) -> VerifiedJWS {
        try compact.utf8.withBytes { bytes throws(JOSEError) in
            let jws = try CompactJWS(bytes)
            let header = try JWSHeader(decoding: bytes.extracting(jws.header))
            if let expectedType {
                try header.requireType(expectedType)
            }
            let key = try selecting(header)
            let payload = try Base64URL.decode(bytes.extracting(jws.payload))
            try jws.checkSignature(of: bytes, by: key)
            return VerifiedJWS(header: header, payload: payload)
        }
    }
}

/// A JWS whose signature was checked. Only ``JWS`` makes it.
public struct VerifiedJWS: Hashable, Sendable {
    /// The protected header.
    public let header: JWSHeader

    /// The bytes that were signed.
    public let payload: [UInt8]

    fileprivate init(header: JWSHeader, payload: [UInt8]) {
        self.header = header
        self.payload = payload
    }
}
