import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import MartletProtocol

/// Answers what no route did with a problem document too: a path that is not there, and a failure that nobody
/// foresaw.
struct ProblemAnswers: RouterMiddleware {
    typealias Context = AuthorityRequestContext

    func handle(
        _ request: Request, context: AuthorityRequestContext,
        next: @concurrent (Request, AuthorityRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            throw AuthorityError(.notFound, message: "Nothing is served at this path; /openapi.json lists what is.")
        } catch let error as any HTTPResponseError {
            throw error
        } catch {
            // The type only: the text of an error nobody foresaw may hold what must not be logged.
            context.logger.error("an unforeseen error", metadata: ["error": "\(type(of: error))"])
            throw AuthorityError(.internalError)
        }
    }
}
