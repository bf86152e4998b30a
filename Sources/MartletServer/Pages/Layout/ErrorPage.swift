import HTTPTypes
import MartletCore
import MartletProtocol

extension AuthorityError {
    /// What a page says of it, where it has a form to go with it.
    func text(_ words: Words) -> String {
        switch code {
        case .invalidCredentials: words.wrongCredentials
        case .rateLimited: words.tooMany
        case .overloaded: words.busy
        case .storageUnavailable: words.storageAway
        case .notFound: words.noSuchPage
        case .internalError: words.failed
        default: message ?? words.errorTitle(code.status)
        }
    }

    /// A page that says what went wrong, and where to go from there.
    func page(_ words: Words) -> Page {
        Page(
            title: words.errorTitle(code.status),
            content: """
                <h1>\(words.errorTitle(code.status))</h1>
                <p>\(text(words))</p>
                <p><a class="button" href="\(PagePath.account)">\(words.toAccount)</a></p>
                """,
            isNarrow: true)
    }
}
