import HTTPTypes
public import Hummingbird
import Logging
public import MartletVerifier

/// Lets a request through with a valid access token only, and leaves the token in the context.
///
/// A request that is refused here, or by a ``VerifierError`` that a handler throws, is answered as RFC 6750 §3 has it:
/// 401 without credentials or with a token that is not valid or was revoked, 403 with one that does not allow this, and
/// 503 while the issuer's keys cannot be fetched or its revocations are not heard. The body is a problem (RFC 9457).
public struct BearerMiddleware<Context: BearerRequestContext>: RouterMiddleware {
    private let verifier: Verifier
    private let realm: String?

    /// - Parameters:
    ///   - verifier: what checks the tokens.
    ///   - realm: the name of the protected resources in challenges, if they have one.
    public init(_ verifier: Verifier, realm: String? = nil) {
        self.verifier = verifier
        self.realm = realm
    }

    @concurrent public func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            let token = try BearerCredentials.token(inAuthorization: request.headers[values: .authorization])
            var context = context
            context.accessToken = try await verifier.verify(token)
            return try await next(request, context)
        } catch let error as VerifierError {
            context.logger.debug(
                "The request was refused.",
                metadata: ["code": "\(error.code)", "detail": "\(error.detail ?? error.message)"]
            )
            return error.response(realm: realm)
        }
    }
}

extension RouterMethods where Context: BearerRequestContext {
    /// A group whose routes need a valid access token, and whose handlers find it in their context.
    ///
    /// ```swift
    /// router.group("notes", verifier: verifier).get { _, context in
    ///     "These are the notes of \(context.accessToken.subject)."
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - path: what the paths of the group's routes begin with.
    ///   - verifier: what checks the tokens.
    ///   - realm: the name of the protected resources in challenges, if they have one.
    public func group(
        _ path: RouterPath = "", verifier: Verifier, realm: String? = nil
    ) -> RouterGroup<AuthenticatedContext<Context>> {
        group(path)
            .add(middleware: BearerMiddleware(verifier, realm: realm))
            .group(context: AuthenticatedContext<Context>.self)
    }
}
