/// What was refused because it was tried too often.
public enum LimitedAction: String, Sendable, Hashable, CaseIterable {
    case signIn = "sign_in"
    case signUp = "sign_up"
    case passwordChange = "password_change"
    case renewal
    case forgedToken = "forged_token"
    case clientSecret = "client_secret"
    case clientToken = "client_token"
}
