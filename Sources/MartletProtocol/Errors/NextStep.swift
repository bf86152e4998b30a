/// What a client does after an error: the member `next` of every problem.
public enum NextStep: String, Sendable, Hashable, CaseIterable {
    /// Nothing failed for good: try the same again after `Retry-After`.
    case retry
    /// The access token has expired: renew, then try again.
    case refresh
    /// Another refresh token was issued meanwhile: read the store again and go on with what it holds.
    case reload
    /// The session is over, or was never there: sign in.
    case signIn = "sign_in"
    /// The user has to do one more thing first.
    case stepUp = "step_up"
    /// Trying again will not help: the request has to change.
    case none
}
