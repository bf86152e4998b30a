import HTTPTypes
import Hummingbird
public import MartletCore
import MartletProtocol

extension PageCookie {
    /// The path of the one-time link of an invitation, where this is its secret.
    public var signUpPath: String { PagePath.path(PagePath.signUp, [("invitation", text)]) }
}

/// Sign up, where it is open or by invitation. The secret of an invitation is in the query, which no log of ours has.
extension PageRoutes {
    /// By what somebody may sign up.
    private enum Admission {
        /// It is open.
        case everyone
        case invited(Invitation, secret: PageCookie)
        /// An invitation is missing, or does not work.
        case refused(isMissing: Bool)
    }

    var signUpRoutes: [Route<Context>] {
        guard authority.settings.signUp != .closed else { return [] }
        return [
            Route(.get, PagePath.signUp) { request, context in
                let request = read(request, context)
                let admission = try await admission(request["invitation"])
                switch admission {
                case .everyone: if try await isSignedIn(request) { return .seeOther(PagePath.account) }
                // Whoever is signed in here need not be who was invited.
                case .invited: break
                case .refused(let isMissing): return showRefusal(request, isMissing: isMissing)
                }
                return showForm(request) { signUpPage(.init(), request, admission, $0) }
            },
            Route(.post, PagePath.signUp) { raw, context in
                let request = read(raw, context)
                let form = try await visitForm(request)
                let password = form["password"] ?? ""
                let entry = SignInPages.Entry(username: form["username"] ?? "", email: form["email"] ?? "")
                let admission = try await admission(form["invitation"])
                if case .refused(let isMissing) = admission { return showRefusal(request, isMissing: isMissing) }
                return try await answering(entry, request, page: { signUpPage($0, request, admission, $1) }) {
                    _ = try await authority.signUp(
                        username: entry.username, password: password, email: form["email"],
                        invitation: form["invitation"], presenter: request.presenter)
                } then: {
                    try await signedIn(entry, request, password: password, to: PagePath.account) {
                        signInPage($0, request, $1)
                    }
                }
            },
        ]
    }

    private func admission(_ text: String?) async throws -> Admission {
        guard let text else { return authority.settings.signUp == .open ? .everyone : .refused(isMissing: true) }
        guard let secret = PageCookie(text), let invitation = try await authority.invitation(secret) else {
            return .refused(isMissing: false)
        }
        return .invited(invitation, secret: secret)
    }

    private func showRefusal(_ request: PageRequest, isMissing: Bool) -> Response {
        show(SignInPages.noInvitation(request.words, isMissing: isMissing), request, .forbidden)
    }

    private func signUpPage(
        _ entry: SignInPages.Entry, _ request: PageRequest, _ admission: Admission, _ visit: PageCookie
    ) -> Page {
        var invited: SignInPages.Invited?
        if case .invited(let invitation, let secret) = admission {
            invited = SignInPages.Invited(secret: secret, email: invitation.email)
        }
        return SignInPages.signUp(
            entry, request.words, invited: invited, visit: visit,
            minimumLength: authority.settings.passwordRules.minimumLength)
    }
}
