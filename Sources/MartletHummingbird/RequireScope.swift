public import Hummingbird
import MartletVerifier

/// Lets a request through if its client was granted all of some scopes, else answers 403 `insufficient_scope`.
public struct RequireScope<Context: AuthenticatedRequestContext>: RouterMiddleware {
    private let scope: [String]

    /// - Parameter scope: the scopes that are needed, all of them.
    public init(_ scope: String...) {
        self.scope = scope
    }

    @concurrent public func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        try context.accessToken.require(scope: scope)
        return try await next(request, context)
    }
}
