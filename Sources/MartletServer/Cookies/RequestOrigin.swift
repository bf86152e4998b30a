import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// Where a request was made, by the word of a browser: the fields `Origin` (RFC 6454 §7) and `Sec-Fetch-Site`, which no
/// script can write.
struct RequestOrigin {
    /// The one `Origin`; nil where there is none, or more than one.
    let origin: String?
    private let site: String?
    private let isClear: Bool

    init(_ headers: HTTPFields) {
        let (origins, sites) = (headers[values: .origin], headers[values: .secFetchSite])
        isClear = origins.count == 1 && sites.count <= 1
        origin = origins.count == 1 ? origins[0] : nil
        site = sites.first
    }

    /// Whether the request comes from a page of the authority's own origin.
    func isOwn(_ authority: Authority) -> Bool {
        // Before `Sec-Fetch-Site` there was `Origin` alone, which says as much.
        isClear && origin == authority.settings.origin.text && [nil, "same-origin"].contains(site)
    }

    /// Whether a cookie of the client may be used or set: from the authority's own pages, or from the client's on the
    /// same site. From another site no cookie would come, and none would be kept.
    func allowsCookies(of client: ClientRegistration, at authority: Authority) -> Bool {
        if isOwn(authority) { return true }
        guard isClear, let origin = origin.flatMap(WebOrigin.init), client.origins.contains(origin) else {
            return false
        }
        return isOfSameSite
    }

    /// Whether the request comes from a page of the host that it was sent to, whatever its name.
    func isOfRequested(_ request: Request) -> Bool {
        guard isClear, let origin, let host = request.head.authority?.lowercased() else { return false }
        return site.map { $0 == "same-origin" } ?? (origin == "https://\(host)" || origin == "http://\(host)")
    }

    private var isOfSameSite: Bool { [nil, "same-site", "same-origin"].contains(site) }

    /// - Throws: `originRefused`, which says what would be right.
    func checkCookies(of client: ClientRegistration, at authority: Authority) throws(AuthorityError) {
        guard !allowsCookies(of: client, at: authority) else { return }
        throw Self.refused
    }

    /// The check that can be made before the client is known.
    ///
    /// - Throws: `originRefused` where no client's cookies may be used.
    func checkCookies(at authority: Authority) throws(AuthorityError) {
        guard !isOwn(authority) else { return }
        guard isClear, isOfSameSite, let origin = origin.flatMap(WebOrigin.init), authority.clients.isKnown(origin)
        else {
            throw Self.refused
        }
    }

    private static let refused = AuthorityError(
        .originRefused,
        message: "Cookies are for pages of this server's origin, or of an origin of the same site that the client was "
            + "given (client add --origin, allowedOrigins): the request needs its Origin.")
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
