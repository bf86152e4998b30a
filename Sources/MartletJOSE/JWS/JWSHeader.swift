/// The protected header of a compact JWS (RFC 7515 §4).
public struct JWSHeader: Hashable, Sendable {
    /// `alg`.
    public let algorithm: SignatureAlgorithm

    /// `kid`, if the header has it.
    public let keyID: String?

    /// `typ`, if the header has it, as it was written.
    public let type: String?

    /// All parameters. Keys in them (`jwk`, `jku`, `x5c`, `x5u`) are the sender's word and are not trusted for anything.
    public let parameters: JSONObject

    /// Reads an encoded header, and refuses what it must not ask for.
    init(decoding encoded: Span<UInt8>) throws(JOSEError) {
        var reader = try JSONReader(Base64URL.decode(encoded), limits: .jose)
        guard let parameters = try reader.readDocument().object else {
            throw JOSEError(.malformed, "The header must be a JSON object.")
        }
        // RFC 7515 §4.1.11: what `crit` names must be understood, or the JWS is invalid. We understand no extension.
        guard parameters["crit"] == nil else {
            throw JOSEError(.unsupportedHeader, "The header must not have `crit`: no extension is understood.")
        }
        // RFC 7797: it changes what was signed.
        guard parameters["b64"] == nil || parameters["b64"] == true else {
            throw JOSEError(.unsupportedHeader, "The header must not have `b64` other than true.")
        }
        guard let name = parameters["alg"]?.string, let algorithm = SignatureAlgorithm(rawValue: name) else {
            throw JOSEError(.unsupportedAlgorithm, "`alg` must be one of ES256, EdDSA, RS256, PS256.")
        }
        self.algorithm = algorithm
        self.keyID = try Self.optionalString("kid", of: parameters)
        self.type = try Self.optionalString("typ", of: parameters)
        self.parameters = parameters
    }

    private static func optionalString(_ name: String, of parameters: JSONObject) throws(JOSEError) -> String? {
        guard let value = parameters[name] else {
            return nil
        }
        guard let string = value.string else {
            throw JOSEError(.unsupportedHeader, "`\(name)` of the header must be a string.")
        }
        return string
    }

    /// Checks `typ`, which compares without regard to case and to a leading `application/` (RFC 7515 §4.1.9).
    func requireType(_ expected: String) throws(JOSEError) {
        guard let type = self.type, Self.mediaType(type) == Self.mediaType(expected) else {
            throw JOSEError(.unsupportedHeader, "`typ` of the header must be \(expected).")
        }
    }

    private static func mediaType(_ type: String) -> [UInt8] {
        let lowercase = type.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        let prefix = Array("application/".utf8)
        // The prefix goes without saying only where no other slash follows.
        return lowercase.starts(with: prefix) && !lowercase.dropFirst(prefix.count).contains(UInt8(ascii: "/"))
            ? Array(lowercase.dropFirst(prefix.count)) : lowercase
    }

    /// The encoded header, and the dot behind it, that go before the payload.
    static func encoded(_ parameters: JSONObject) -> [UInt8] {
        Base64URL.encodeBytes(JSONValue.object(parameters).serialized()) + [UInt8(ascii: ".")]
    }

    /// Finds the key that the header names, and holds `alg` against it.
    func key(in keys: VerificationKeySet) throws(JOSEError) -> VerificationKey {
        guard let keyID = self.keyID else {
            throw JOSEError(.unsupportedHeader, "The header must name its key with `kid`.")
        }
        guard let key = keys.key(withID: keyID) else {
            throw JOSEError(.unknownKey, "`kid` of the header must name a key that the issuer publishes.")
        }
        try self.requireAlgorithm(of: key)
        return key
    }

    func requireAlgorithm(of key: VerificationKey) throws(JOSEError) {
        guard self.algorithm == key.algorithm else {
            throw JOSEError(.unsupportedAlgorithm, "`alg` of the header must be the algorithm of the key it names.")
        }
    }
}
