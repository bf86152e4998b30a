import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// Gives people a page where a program would get a problem document: for what is none of the API's paths, and a browser
/// asks for it.
struct PageErrors: RouterMiddleware {
    typealias Context = AuthorityRequestContext

    private let style = PageStyle()

    func handle(
        _ request: Request, context: AuthorityRequestContext,
        next: @concurrent (Request, AuthorityRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            let response = try await next(request, context)
            guard response.status == .methodNotAllowed, isForPeople(request) else { return response }
            var page = self.page(AuthorityError(.methodNotAllowed), request)
            page.headers[.allow] = response.headers[.allow]
            return page
        } catch let error as AuthorityError where isForPeople(request) {
            return page(error, request)
        }
    }

    private func page(_ error: AuthorityError, _ request: Request) -> Response {
        let words = Words.best(for: request.headers[.acceptLanguage])
        return error.page(words).response(error.status, words, style: style)
    }

    private func isForPeople(_ request: Request) -> Bool {
        let isOfAPI = ["/v1", "/oauth2", "/.well-known", "/health"].contains { request.uri.path.hasPrefix($0) }
        return !isOfAPI && (request.headers[.accept] ?? "").contains("text/html")
    }
}
