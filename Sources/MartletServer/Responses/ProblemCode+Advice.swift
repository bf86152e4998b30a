import MartletProtocol

extension ProblemCode {
    /// What to do about it, where the engine has nothing more particular to say.
    var advice: String? {
        switch self {
        case .invalidCredentials: "Check the username and the password."
        case .refreshTokenInvalid: "This refresh token is none of this server's, or its session is forgotten: sign in."
        case .clientMismatch: "This refresh token was given to another client: sign in with this one."
        case .tokenSuperseded: "Read the store of tokens again, and go on with what it holds."
        case .tokenRevoked: "This access token was revoked: get another."
        case .storageUnavailable: "Nothing is lost and nobody is signed out: try again after Retry-After."
        case .overloaded, .rateLimited, .internalError: "Try again after Retry-After."
        default: nil
        }
    }
}
