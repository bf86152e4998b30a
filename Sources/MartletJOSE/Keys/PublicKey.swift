import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A public key that is ready to check signatures, with the one algorithm it is for.
enum PublicKey: Sendable {
    case es256(P256.Signing.PublicKey)
    case edDSA(Curve25519.Signing.PublicKey)
    case rs256(_RSA.Signing.PublicKey)
    case ps256(_RSA.Signing.PublicKey)

    /// - Throws: ``JOSEError/Code/invalidKey`` if the numbers make no key, or one that is not for the algorithm.
    init(_ material: JWK.Material, algorithm: SignatureAlgorithm) throws(JOSEError) {
        do {
            switch (material, algorithm) {
            case (.p256(let x, let y), .es256):
                guard x.count == 32, y.count == 32 else {
                    throw CryptoKitError.incorrectKeySize
                }
                // BoringSSL refuses a point that is not on the curve.
                self = .es256(try P256.Signing.PublicKey(rawRepresentation: x + y))
            case (.ed25519(let x), .edDSA):
                self = .edDSA(try Curve25519.Signing.PublicKey(rawRepresentation: x))
            case (.rsa(let modulus, let exponent), .rs256):
                self = .rs256(try _RSA.Signing.PublicKey(n: modulus, e: exponent))
            case (.rsa(let modulus, let exponent), .ps256):
                self = .ps256(try _RSA.Signing.PublicKey(n: modulus, e: exponent))
            default:
                throw JOSEError(.invalidKey, "This key is not for \(algorithm).")
            }
        } catch let error as JOSEError {
            throw error
        } catch {
            throw JOSEError(.invalidKey, Self.expectation(of: material), detail: "\(error)")
        }
    }

    private static func expectation(of material: JWK.Material) -> String {
        switch material {
        case .p256: "`x` and `y` must be 32 bytes each, and a point on P-256."
        case .ed25519: "`x` must be the 32 bytes of an Ed25519 key."
        case .rsa: "`n` and `e` must make an RSA key."
        }
    }

    /// - Parameter signature: the bytes, which are looked at only during the call.
    func isValidSignature(_ signature: UnsafeBufferPointer<UInt8>, for message: Span<UInt8>) -> Bool {
        switch self {
        case .es256(let key):
            // RFC 7518 §3.4: r and s, 32 bytes each. Nothing else is read as a signature, so not ASN.1 either.
            guard signature.count == 64, var ecdsaSignature = Self.blankSignature else {
                return false
            }
            // The initializer takes any kind of bytes, and spends half a microsecond on finding out which it got.
            ecdsaSignature.rawRepresentation = unsafe Data(buffer: signature)
            return key.isValidSignature(ecdsaSignature, for: SHA256.hash(span: message))
        case .edDSA(let key):
            guard signature.count == 64 else {
                return false
            }
            return unsafe message.withUnsafeBytes { message in
                unsafe key.isValidSignature(signature, for: message)
            }
        case .rs256(let key):
            return key.isValidSignature(
                unsafe _RSA.Signing.RSASignature(rawRepresentation: Data(buffer: signature)),
                for: SHA256.hash(span: message),
                padding: .insecurePKCS1v1_5
            )
        case .ps256(let key):
            return key.isValidSignature(
                unsafe _RSA.Signing.RSASignature(rawRepresentation: Data(buffer: signature)),
                for: SHA256.hash(span: message),
                padding: .PSS
            )
        }
    }

    /// 64 zeros, to be written over.
    private static let blankSignature = try? P256.Signing.ECDSASignature(rawRepresentation: Data(count: 64))
}

extension SHA256 {
    static func hash(span: Span<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        unsafe span.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return hash.finalize()
    }
}
