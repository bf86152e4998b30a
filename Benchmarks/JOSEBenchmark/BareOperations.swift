import Crypto
import CryptoExtras
import MartletJOSE

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What no JWS can do without: the hash and the signature over a token's signing input, with everything at hand.
struct BareOperations {
    let verify: () -> Bool
    let sign: () throws -> Bool

    init(_ key: SigningKey, token: String) throws {
        let dot = token.utf8.lastIndex(of: UInt8(ascii: ".")) ?? token.utf8.endIndex
        let input = Array(token.utf8[..<dot])
        let signature = try Base64URL.decode(token[token.utf8.index(after: dot)...])
        let jwk = try JSONValue(parsing: key.serializedPrivateJWK())
        func number(_ name: String) throws -> [UInt8] {
            try Base64URL.decode(jwk[name]?.string ?? "")
        }
        func rsa() throws -> _RSA.Signing.PrivateKey {
            try _RSA.Signing.PrivateKey(
                n: number("n"), e: number("e"), d: number("d"), p: number("p"), q: number("q")
            )
        }
        switch key.algorithm {
        case .es256:
            let key = try P256.Signing.PrivateKey(rawRepresentation: number("d"))
            let publicKey = key.publicKey
            let signature = try P256.Signing.ECDSASignature(rawRepresentation: signature)
            self.verify = { publicKey.isValidSignature(signature, for: SHA256.hash(data: input)) }
            self.sign = { try key.signature(for: SHA256.hash(data: input)).rawRepresentation.count == 64 }
        case .edDSA:
            let key = try Curve25519.Signing.PrivateKey(rawRepresentation: number("d"))
            let publicKey = key.publicKey
            self.verify = { publicKey.isValidSignature(signature, for: input) }
            self.sign = { try key.signature(for: input).count == 64 }
        case .rs256, .ps256:
            let padding = key.algorithm == .rs256 ? _RSA.Signing.Padding.insecurePKCS1v1_5 : .PSS
            let key = try rsa()
            let publicKey = key.publicKey
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            self.verify = {
                publicKey.isValidSignature(signature, for: SHA256.hash(data: input), padding: padding)
            }
            self.sign = {
                try key.signature(for: SHA256.hash(data: input), padding: padding).rawRepresentation.count == 256
            }
        default:
            preconditionFailure("every algorithm has its bare operation")
        }
    }
}
