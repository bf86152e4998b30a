public import Hummingbird
public import MartletJOSE

/// A context in which ``BearerMiddleware`` leaves the token that it has verified.
public protocol BearerRequestContext: RequestContext {
    /// The token of this request; nil until the middleware has run.
    var accessToken: VerifiedAccessToken? { get set }
}

/// The plainest ``BearerRequestContext``, for an app that needs nothing else in its context.
public struct BasicBearerRequestContext: BearerRequestContext {
    public var coreContext: CoreRequestContextStorage
    public var accessToken: VerifiedAccessToken?

    public init(source: Source) {
        self.coreContext = .init(source: source)
    }
}
