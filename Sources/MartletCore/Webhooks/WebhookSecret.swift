import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What an endpoint tells our messages from others' by: `whsec_` and the base64 of random bytes, as Standard Webhooks
/// has it. Prints as `<redacted>`.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    private static let prefix = "whsec_"
    let bytes: [UInt8]

    /// Makes a new one, of 32 bytes.
    public init() {
        bytes = newSecret()
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads one.
    ///
    /// - Returns: nil for anything else than the prefix and the base64 of 24 to 64 bytes.
    public init?(text: String) {
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            (24...64).contains(data.count)
        else { return nil }
        bytes = Array(data)
    }

    /// As the endpoint's operator gets it, once.
    public var text: String { Self.prefix + Data(bytes).base64EncodedString() }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The header field `webhook-signature` of a message.
    ///
    /// - Parameters:
    ///   - id: `webhook-id`, the same at each attempt.
    ///   - seconds: `webhook-timestamp`, of this attempt.
    ///   - body: as it is sent.
    public func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        var mac = HMAC<SHA256>(key: SymmetricKey(data: bytes))
        mac.update(data: Array("\(id).\(seconds).".utf8))
        mac.update(data: body)
        return "v1," + Data(mac.finalize()).base64EncodedString()
    }
}
