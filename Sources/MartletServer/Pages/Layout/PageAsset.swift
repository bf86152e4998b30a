import Crypto
import MartletCore

/// A file that pages refer to. Its path names its content, so that browsers may keep it.
struct PageAsset: Sendable {
    let document: PublishedDocument
    let path: String
    let type: String

    /// - Parameter name: what comes behind the dot.
    init(_ content: some Sequence<UInt8>, name: String, type: String) {
        let bytes = Array(content)
        let digest = SHA256.hash(data: bytes).prefix(6).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        document = PublishedDocument(bytes)
        path = "/pages/\(digest.joined()).\(name)"
        self.type = type
    }
}
