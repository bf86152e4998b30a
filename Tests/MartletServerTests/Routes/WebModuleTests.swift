import Crypto
import Foundation
import HTTPTypes
import MartletCore
import MartletJOSE
import MartletTestKit
import Testing

@testable import MartletServer

/// `martlet.js` as it is served.
struct WebModuleTests {
    @Test func isServedAtAURLThatNamesItsContent() async throws {
        try await ServedAuthority().serve { api in
            let manifest = try await api.get("/martlet.json").json
            let url = try #require(manifest["url"]?.string)
            let answer = try await api.get(url)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/javascript; charset=utf-8")
            #expect(answer.headers[.cacheControl] == "public, max-age=31536000, immutable")
            // A module with an integrity hash is fetched with CORS.
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
            let hash = Data(SHA384.hash(data: answer.body)).base64EncodedString()
            #expect(manifest["integrity"]?.string == "sha384-\(hash)")

            let stable = try await api.get("/martlet.js")
            #expect(stable.body == answer.body)
            #expect(stable.headers[.cacheControl] == "public, max-age=300")
            let known = try #require(stable.headers[.eTag])
            #expect(try await api.get("/martlet.js", headers: [.ifNoneMatch: known]).status == 304)
            #expect(try await api.get(url, headers: [.ifNoneMatch: known]).status == 304)
            let other = url.replacing(WebModule.shared.version, with: "other")
            #expect(try await api.get(other).outcome == "404 not_found none")
            let types = try await api.get("/martlet.d.ts")
            #expect(types.text.contains("export function createMartlet"))
        }
    }

    @Test func isSmall() throws {
        let compressed = Zlib.compress(WebModule.shared.script.bytes)
        // gzip has 12 bytes more around the same stream.
        #expect(compressed.count + 12 < 8 * 1_024)
    }

    @Test func writesNothingDown() throws {
        let text = String(decoding: WebModule.shared.script.bytes, as: UTF8.self)
        for word in ["localStorage", "sessionStorage", "indexedDB", "document.cookie", "eval(", "import "] {
            #expect(!text.contains(word), "\(word)")
        }
    }
}
