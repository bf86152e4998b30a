import Hummingbird
import MartletCore
import MartletProtocol

/// The credentials of a client as a request to an OAuth endpoint carries them (RFC 6749 §2.3.1).
struct ClientCredentials {
    let id: String
    let secret: String?

    /// How a client may authenticate, as the metadata lists it.
    enum Method: String, CaseIterable {
        case basic = "client_secret_basic"
        case post = "client_secret_post"
        case none
    }

    /// From `Authorization: Basic`, or from the form; never from both (§2.3).
    init(_ request: Request, form: FormParameters) throws(OAuthFailure) {
        if let basic = try Self.basic(request) {
            guard form["client_secret"] == nil else {
                throw OAuthFailure(.invalidRequest, "Authenticate the client in one way, not by header and form both.")
            }
            guard form["client_id"] == nil || form["client_id"] == basic.id else {
                throw OAuthFailure(
                    .invalidRequest, "The parameter client_id is not the client of the Authorization field.")
            }
            (id, secret) = (basic.id, basic.secret)
            return
        }
        guard let id = form["client_id"] else {
            throw OAuthFailure(
                .invalidClient, "Name the client by client_id, or by Authorization: Basic where it has a secret.")
        }
        self.id = id
        secret = form["client_secret"]
    }

    private static func basic(_ request: Request) throws(OAuthFailure) -> BasicCredentials? {
        do throws(AuthorityError) {
            return try BasicCredentials(of: request)
        } catch {
            // A client that tried the field is told so, with a challenge (§5.2).
            throw OAuthFailure(.invalidClient, error.message)
        }
    }
}

extension Authority {
    /// The client of a request to an OAuth endpoint, its credentials checked.
    func client(
        of request: Request, form: FormParameters, from presenter: Presenter
    ) async throws(OAuthFailure) -> ClientRegistration {
        let credentials = try ClientCredentials(request, form: form)
        let client = try await answeringOAuth { () async throws(AuthorityError) in
            try await authenticatedClient(credentials.id, secret: credentials.secret, from: presenter)
        }
        guard let client else {
            throw OAuthFailure(.invalidClient, "The client is unknown or its secret is wrong.")
        }
        return client
    }
}
