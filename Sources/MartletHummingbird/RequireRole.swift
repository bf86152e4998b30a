public import Hummingbird
import MartletVerifier

/// Lets a request through if its user has a role, else answers 403 `insufficient_scope`.
public struct RequireRole<Context: AuthenticatedRequestContext>: RouterMiddleware {
    private let role: String

    /// - Parameter role: the role that is needed.
    public init(_ role: String) {
        self.role = role
    }

    @concurrent public func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        try context.accessToken.require(role: role)
        return try await next(request, context)
    }
}
