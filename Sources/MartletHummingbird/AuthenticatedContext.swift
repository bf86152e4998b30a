public import Hummingbird
public import MartletJOSE
import MartletVerifier

/// A context whose requests carry a verified token: what ``RequireScope`` and ``RequireRole`` look at.
public protocol AuthenticatedRequestContext: RequestContext {
    /// The token of this request.
    var accessToken: VerifiedAccessToken { get }
}

/// The context of handlers behind ``BearerMiddleware``: its token is there, and not optional.
///
/// Without the middleware in front of it each request is answered with 401, so that a route is never open by mistake.
public struct AuthenticatedContext<Parent: BearerRequestContext>: ChildRequestContext, AuthenticatedRequestContext {
    public var coreContext: CoreRequestContextStorage
    public let accessToken: VerifiedAccessToken
    /// The context of the router, with whatever else the app keeps there.
    public let parent: Parent

    public init(context: Parent) throws {
        guard let accessToken = context.accessToken else {
            throw BearerCredentials.missing
        }
        self.coreContext = context.coreContext
        self.accessToken = accessToken
        self.parent = context
    }

    public var maxUploadSize: Int { parent.maxUploadSize }
    public var requestDecoder: Parent.Decoder { parent.requestDecoder }
    public var responseEncoder: Parent.Encoder { parent.responseEncoder }
}
