#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Where the three parts of a compact JWS lie (RFC 7515 §7.1).
struct CompactJWS {
    let header: Range<Int>
    let payload: Range<Int>
    let signature: Range<Int>

    private static let dot = UInt8(ascii: ".")

    /// Finds the parts.
    ///
    /// - Parameters:
    ///   - bytes: The compact JWS.
    ///   - knownHeader: Where the header ends, if that is known already.
    /// - Throws: ``JOSEError/Code/malformed`` if there are not three parts. Parts may be empty, and dots in the payload
    ///   are left to the base64url decoder, which refuses them.
    init(_ bytes: Span<UInt8>, headerEnd knownHeaderEnd: Int? = nil) throws(JOSEError) {
        guard let headerEnd = knownHeaderEnd ?? bytes.indices.first(where: { bytes[$0] == Self.dot }),
            // From the end, since the signature is shorter than the payload.
            let payloadEnd = bytes.indices.last(where: { bytes[$0] == Self.dot }),
            headerEnd < payloadEnd
        else {
            throw JOSEError(.malformed, "A compact JWS must have three parts with dots between them.")
        }
        self.header = 0..<headerEnd
        self.payload = headerEnd + 1..<payloadEnd
        self.signature = payloadEnd + 1..<bytes.count
    }

    /// - Throws: ``JOSEError/Code/invalidSignature`` if the key did not make the signature, or
    ///   ``JOSEError/Code/malformed`` if it is not base64url.
    func checkSignature(of bytes: Span<UInt8>, by key: VerificationKey) throws(JOSEError) {
        let signature = try Base64URL.decode(bytes.extracting(self.signature))
        let signingInput = bytes.extracting(0..<self.payload.upperBound)
        guard key.publicKey.isValidSignature(signature, for: signingInput) else {
            throw JOSEError(.invalidSignature, "The signature must be one that the named key made for this content.")
        }
    }

    /// Makes a compact JWS.
    ///
    /// - Parameters:
    ///   - payload: The bytes to sign.
    ///   - header: The encoded header with the dot behind it.
    ///   - key: The key to sign with.
    static func sign(_ payload: Span<UInt8>, header: [UInt8], key: SigningKey) throws(JOSEError) -> String {
        let inputCount = header.count + Base64URL.encodedCount(payload.count)
        let count = inputCount + 1 + Base64URL.encodedCount(key.privateKey.signatureCount)
        var token = header
        token.reserveCapacity(count)
        token.append(contentsOf: repeatElement(Self.dot, count: count - header.count))
        var target = token.mutableSpan
        Base64URL.encode(payload, into: &target, at: header.count)
        let signature = try key.privateKey.signature(for: target.span.extracting(0..<inputCount))
        signature.withBytes { signature in
            _ = Base64URL.encode(signature, into: &target, at: inputCount + 1)
        }
        return String(decoding: token, as: UTF8.self)
    }
}
