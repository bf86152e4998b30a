import CWebAssets
import Crypto
import MartletCore
import MartletJOSE

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `martlet.js`, the client for web pages, as it is embedded in the binary: its URLs and its integrity hash.
package struct WebModule: Sendable {
    package static let shared = WebModule()

    let script: PublishedDocument
    let types: PublishedDocument
    let manifest: PublishedDocument
    /// Names these very bytes, so a browser may keep them for ever.
    package let version: String
    /// For `integrity` (Subresource Integrity): `sha384-` and base64.
    package let integrity: String
    /// The URL's path that changes with the content.
    package var path: String { Self.path(of: version) }

    /// Where the module of this server is, whatever its version.
    static let stablePath = "/martlet.js"

    private static func path(of version: String) -> String { "/martlet/\(version)/martlet.js" }

    private init() {
        let script = unsafe Array(UnsafeBufferPointer(start: martlet_martlet_js, count: martlet_martlet_js_length))
        let types = unsafe Array(UnsafeBufferPointer(start: martlet_martlet_d_ts, count: martlet_martlet_d_ts_length))
        self.script = PublishedDocument(script)
        self.types = PublishedDocument(types)
        let version = Base64URL.encode(Array(SHA256.hash(data: script).prefix(12)))
        let integrity = "sha384-" + Data(SHA384.hash(data: script)).base64EncodedString()
        var writer = JSONWriter(capacity: 256)
        writer.object {
            $0.member("url", Self.path(of: version))
            $0.member("integrity", integrity)
            $0.member("types", "/martlet.d.ts")
        }
        manifest = PublishedDocument(writer.bytes)
        self.version = version
        self.integrity = integrity
    }
}
