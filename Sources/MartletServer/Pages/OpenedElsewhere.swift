import HTTPTypes
import Hummingbird
import MartletCore

/// A form of a page of ours that was opened under another name than the issuer's, such as `https://127.0.0.1:8443` where
/// that is `https://localhost:8443`. Nothing is done: cookies and tokens are the issuer's. But whoever sent it is told
/// where to go.
struct OpenedElsewhere: Error {
    /// As the browser had it in the field `Origin`.
    let origin: String
    /// The same page under the issuer's name.
    let address: String

    /// - Returns: nil where the form may have come from a page of somebody else.
    init?(_ request: Request, at authority: Authority) {
        let own = RequestOrigin(request.headers)
        guard let origin = own.origin, !own.isOwn(authority), own.isOfRequested(request) else { return nil }
        self.origin = origin
        // Pages have `Referrer-Policy: same-origin`, so a form tells where it is.
        let referrer = HTTPField.Name("Referer").flatMap { request.headers[$0] } ?? ""
        let path = referrer.hasPrefix(origin + "/") ? referrer.dropFirst(origin.utf8.count) : ""
        let isPath = path.utf8.count <= 512 && path.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        address = authority.settings.origin.text + (isPath && !path.isEmpty ? String(path) : PagePath.account)
    }

    func page(_ words: Words) -> Page {
        Page(
            title: words.otherNameTitle,
            content: """
                <h1>\(words.otherNameTitle)</h1>
                <p>\(words.otherName(origin))</p>
                <p><a class="button primary" href="\(address)">\(words.openThere)</a></p>
                <p class="hint address"><code>\(address)</code></p>
                """,
            isNarrow: true)
    }
}
