import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// Signing in to an account that needs a new password.
extension PageRoutes {
    var newPasswordRoutes: [Route<Context>] {
        [
            // The form is shown by the sign-in, which has found the password right.
            Route(.get, PagePath.newPassword) { _, _ in .seeOther(PagePath.signIn) },
            Route(.post, PagePath.newPassword) { raw, context in
                let request = read(raw, context)
                let form = try await visitForm(request)
                let entry = SignInPages.Entry(
                    username: form["username"] ?? "", next: form["next"].flatMap { PagePath.isOwn($0) ? $0 : nil })
                do {
                    return try await signedIn(
                        entry, request, password: form["password"] ?? "", newPassword: form["newPassword"] ?? "",
                        to: entry.next ?? PagePath.account
                    ) { choosePage($0, request, $1) }
                } catch let error as AuthorityError where error.code == .passwordChangeRequired {
                    return newPasswordPage(error, entry, request)
                }
            },
        ]
    }

    /// What follows a sign-in with the right password that is not enough.
    func newPasswordPage(_ error: AuthorityError, _ entry: SignInPages.Entry, _ request: PageRequest) -> Response {
        guard error.requiredProof == .password else {
            return show(NewPasswordPages.byMail(request.words), request, error.status)
        }
        return showForm(request, error.status) { choosePage(entry, request, $0) }
    }

    private func choosePage(_ entry: SignInPages.Entry, _ request: PageRequest, _ visit: PageCookie) -> Page {
        NewPasswordPages.choose(
            entry, request.words, visit: visit, minimumLength: authority.settings.passwordRules.minimumLength)
    }
}
