import CWebAssets
import Crypto
import MartletCore

/// The stylesheet of the pages, `Web/pages/martlet.css`, as it is embedded in the binary. Its path names its content,
/// so that browsers may keep it.
struct PageStyle: Sendable {
    let document: PublishedDocument
    let path: String

    init() {
        let bytes = unsafe Array(UnsafeBufferPointer(start: martlet_pages_css, count: martlet_pages_css_length))
        let digest = SHA256.hash(data: bytes).prefix(6).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        document = PublishedDocument(bytes)
        path = "/pages/\(digest.joined()).css"
    }
}
