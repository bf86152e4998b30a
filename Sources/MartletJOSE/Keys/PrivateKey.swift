import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A private key that is ready to sign, with the one algorithm it is for.
enum PrivateKey: Sendable {
    case es256(P256.Signing.PrivateKey)
    case edDSA(Curve25519.Signing.PrivateKey)
    case rs256(_RSA.Signing.PrivateKey)
    case ps256(_RSA.Signing.PrivateKey)

    /// The size of new RSA keys. RFC 7518 §3.3 wants it at least.
    private static let rsaKeySize = _RSA.Signing.KeySize.bits2048

    /// Makes a new key from the system's randomness.
    init(generating algorithm: SignatureAlgorithm) {
        switch algorithm {
        case .es256: self = .es256(P256.Signing.PrivateKey())
        case .edDSA: self = .edDSA(Curve25519.Signing.PrivateKey())
        case .rs256: self = .rs256(Self.makeRSA())
        case .ps256: self = .ps256(Self.makeRSA())
        default: preconditionFailure("every algorithm has its keys")
        }
    }

    private static func makeRSA() -> _RSA.Signing.PrivateKey {
        do {
            return try _RSA.Signing.PrivateKey(keySize: Self.rsaKeySize)
        } catch {
            // Only for want of memory or randomness, where making the other kinds of key stops the program as well.
            preconditionFailure("no RSA key could be made: \(error)")
        }
    }

    /// Reads the private numbers of a key whose public half is known already.
    ///
    /// - Throws: ``JOSEError/Code/invalidKey`` if they make no key, or not the one of the public half.
    init(_ object: JSONObject, public material: JWK.Material, algorithm: SignatureAlgorithm) throws(JOSEError) {
        let d = try JWK.requiredBytes("d", of: object)
        do {
            switch (material, algorithm) {
            case (.p256, .es256):
                self = .es256(try P256.Signing.PrivateKey(rawRepresentation: d))
            case (.ed25519, .edDSA):
                self = .edDSA(try Curve25519.Signing.PrivateKey(rawRepresentation: d))
            case (.rsa(let modulus, let exponent), .rs256), (.rsa(let modulus, let exponent), .ps256):
                guard object["oth"] == nil else {
                    throw JOSEError(.invalidKey, "An RSA key must have two primes.")
                }
                let key = try _RSA.Signing.PrivateKey(
                    n: modulus,
                    e: exponent,
                    d: d,
                    p: JWK.requiredBytes("p", of: object),
                    q: JWK.requiredBytes("q", of: object)
                )
                self = algorithm == .rs256 ? .rs256(key) : .ps256(key)
            default:
                throw JOSEError(.invalidKey, "This key is not for \(algorithm).")
            }
        } catch let error as JOSEError {
            throw error
        } catch {
            // The cause is left out on purpose: it might speak of the key.
            throw JOSEError(.invalidKey, "The private members must make a key of this `kty`.")
        }
        guard try self.publicMaterial() == material else {
            throw JOSEError(.invalidKey, "The private members must belong to the public ones.")
        }
    }

    /// The public half.
    func publicMaterial() throws(JOSEError) -> JWK.Material {
        switch self {
        case .es256(let key):
            let point = [UInt8](key.publicKey.rawRepresentation)
            return .p256(x: Array(point[..<32]), y: Array(point[32...]))
        case .edDSA(let key):
            return .ed25519(x: [UInt8](key.publicKey.rawRepresentation))
        case .rs256(let key), .ps256(let key):
            let numbers = try RSAPrivateNumbers(pkcs1: [UInt8](key.derRepresentation))
            return .rsa(modulus: numbers.modulus, exponent: numbers.exponent)
        }
    }

    /// The private members of the key's JWK (RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2).
    func privateMembers() throws(JOSEError) -> [(name: String, value: [UInt8])] {
        switch self {
        case .es256(let key):
            return [("d", [UInt8](key.rawRepresentation))]
        case .edDSA(let key):
            return [("d", [UInt8](key.rawRepresentation))]
        case .rs256(let key), .ps256(let key):
            let numbers = try RSAPrivateNumbers(pkcs1: [UInt8](key.derRepresentation))
            return [
                ("d", numbers.privateExponent), ("p", numbers.p), ("q", numbers.q),
                ("dp", numbers.dp), ("dq", numbers.dq), ("qi", numbers.qi),
            ]
        }
    }

    func signature(for message: Span<UInt8>) throws(JOSEError) -> Data {
        do {
            switch self {
            case .es256(let key):
                return try key.signature(for: SHA256.hash(span: message)).rawRepresentation
            case .edDSA(let key):
                return try unsafe message.withUnsafeBytes { try unsafe key.signature(for: $0) }
            case .rs256(let key):
                return try key.signature(for: SHA256.hash(span: message), padding: .insecurePKCS1v1_5)
                    .rawRepresentation
            case .ps256(let key):
                return try key.signature(for: SHA256.hash(span: message), padding: .PSS).rawRepresentation
            }
        } catch {
            throw JOSEError(.invalidKey, "The key could not sign.", detail: "\(error)")
        }
    }
}
