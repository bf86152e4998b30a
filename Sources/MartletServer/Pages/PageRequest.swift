import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// A request for a page, with what every page wants to know of it.
struct PageRequest: Sendable {
    let request: Request
    let presenter: Presenter
    let words: Words
    let now: Timestamp
    /// The parameters of the URL; none where they are malformed.
    let query: FormParameters?

    init(_ request: Request, _ context: some ClientAddressContext, now: Timestamp) {
        self.request = request
        self.now = now
        presenter = request.presenter(context)
        words = Words.best(for: request.headers[.acceptLanguage])
        query = try? FormParameters(parsing: (request.uri.query ?? "").utf8, maximumBytes: 4_096)
    }

    subscript(name: String) -> String? { query?[name] }

    /// The value of a cookie of ours; nil where there is none, or two and nobody can say which is meant.
    func cookie(_ name: String) -> PageCookie? {
        guard let value = try? RequestCookies(request.headers).value(of: name) else { return nil }
        return PageCookie(value)
    }

    /// The parameters of a form that was sent from a page of ours.
    ///
    /// - Parameter cookie: the one that the form's token was made with.
    /// - Throws: `OpenedElsewhere`; `originRefused` where the form may come from another site; `unsupportedMediaType`; `tooLarge`; or a
    ///   `ProtocolError`.
    func form(
        for cookie: PageCookie?, at authority: Authority, limit: Int
    ) async throws -> FormParameters {
        try checkOrigin(at: authority)
        guard MediaTypeField(request.headers[.contentType])?.isForm == true else {
            throw AuthorityError(.unsupportedMediaType, message: words.formType)
        }
        let form = try FormParameters(parsing: await request.body.bytes(upTo: limit), maximumBytes: limit)
        guard let cookie, let token = form["token"], cookie.isFormToken(token) else {
            throw AuthorityError(.originRefused, message: words.oldForm, detail: "the form has no token of this cookie")
        }
        return form
    }

    /// - Throws: `OpenedElsewhere`; `originRefused` where a form may come from another site.
    func checkOrigin(at authority: Authority) throws {
        guard !RequestOrigin(request.headers).isOwn(authority) else { return }
        if let elsewhere = OpenedElsewhere(request, at: authority) { throw elsewhere }
        throw AuthorityError(.originRefused, message: words.otherSite, detail: "the form is of another origin")
    }
}

/// The cookies of the pages.
enum PageCookieName {
    /// Of a session.
    static let session = "__Host-martlet-page"
    /// Of whoever is not signed in, for the tokens of the forms to sign in and up.
    static let visit = "__Host-martlet-visit"
}

extension Response {
    /// `__Host-` has browsers take it from this very host and over HTTPS only, so nobody else can set it. `Lax`: a link
    /// from elsewhere finds its reader signed in; a form from elsewhere does not.
    mutating func setCookie(_ name: String, to cookie: PageCookie?) {
        let field = "\(name)=\(cookie?.text ?? ""); Path=/; Secure; HttpOnly; SameSite=Lax"
        headers.append(HTTPField(name: .setCookie, value: cookie == nil ? field + "; Max-Age=0" : field))
    }

    /// After a form: the browser fetches the page to show, and a reload sends nothing twice (RFC 9110 §15.4.4).
    static func seeOther(_ path: String) -> Response {
        Response(status: .seeOther, headers: [.location: path, .cacheControl: "no-store"])
    }
}
