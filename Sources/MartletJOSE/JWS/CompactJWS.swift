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
    ///   - knownHeaderEnd: Where the header ends, if that is known already.
    ///   - signatureCount: How many bytes a right signature has, if that is known already. Only a hint.
    /// - Throws: ``JOSEError/Code/malformed`` if there are not three parts. Parts may be empty, and further dots are left
    ///   to the base64url decoder, which refuses them.
    init(_ bytes: Span<UInt8>, headerEnd knownHeaderEnd: Int? = nil, signatureCount: Int? = nil) throws(JOSEError) {
        var headerEnd = knownHeaderEnd ?? 0
        while headerEnd < bytes.count, bytes[headerEnd] != Self.dot {
            headerEnd += 1
        }
        // From the end, since the signature is shorter than the payload, and often of a known length.
        var payloadEnd = bytes.count - 1
        if let signatureCount {
            let position = payloadEnd - Base64URL.encodedCount(signatureCount)
            if position > headerEnd, bytes[position] == Self.dot {
                payloadEnd = position
            }
        }
        while payloadEnd > headerEnd, bytes[payloadEnd] != Self.dot {
            payloadEnd -= 1
        }
        guard headerEnd < payloadEnd else {
            throw JOSEError(.malformed, "A compact JWS must have three parts with dots between them.")
        }
        self.header = 0..<headerEnd
        self.payload = headerEnd + 1..<payloadEnd
        self.signature = payloadEnd + 1..<bytes.count
    }

    /// - Throws: ``JOSEError/Code/invalidSignature`` if the key did not make the signature, or
    ///   ``JOSEError/Code/malformed`` if it is not base64url.
    func checkSignature(of bytes: Span<UInt8>, by key: VerificationKey) throws(JOSEError) {
        let signingInput = bytes.extracting(0..<self.payload.upperBound)
        let isValid = try unsafe Base64URL.withDecoded(bytes.extracting(self.signature)) { signature in
            unsafe key.publicKey.isValidSignature(signature, for: signingInput)
        }
        guard isValid else {
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
        let count = inputCount + 1 + Base64URL.encodedCount(key.signatureCount)
        var failure: JOSEError?
        // The token is written where the string will have it. Safe: there is room for `count` bytes, the parts fill them
        // one after the other, and nothing is read that was not written before.
        let token = unsafe String(unsafeUninitializedCapacity: count) { buffer in
            _ = unsafe buffer.update(fromContentsOf: header)
            var target = unsafe MutableSpan(_unsafeElements: buffer)
            Base64URL.encode(payload, into: &target, at: header.count)
            do throws(JOSEError) {
                let signature = try key.privateKey.signature(for: target.span.extracting(0..<inputCount))
                target[inputCount] = Self.dot
                return signature.withBytes { Base64URL.encode($0, into: &target, at: inputCount + 1) }
            } catch {
                failure = error
                return 0
            }
        }
        if let failure {
            throw failure
        }
        return token
    }
}
