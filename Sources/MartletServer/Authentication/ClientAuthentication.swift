import HTTPTypes
import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// The credentials of a client as a request carries them (RFC 6749 §2.3.1).
struct ClientCredentials {
    let id: String
    let secret: String?
    let method: Method

    enum Method: String, CaseIterable {
        case basic = "client_secret_basic"
        case post = "client_secret_post"
        case none
    }

    /// From `Authorization: Basic`, or from the form; never from both (§2.3).
    init(_ request: Request, form: FormParameters) throws(OAuthFailure) {
        if let basic = try Self.basicCredentials(of: request) {
            guard form["client_secret"] == nil else {
                throw OAuthFailure(.invalidRequest, "Authenticate the client in one way, not by header and form both.")
            }
            guard form["client_id"] == nil || form["client_id"] == basic.id else {
                throw OAuthFailure(.invalidRequest, "The parameter client_id is not the client of the Authorization field.")
            }
            (id, secret, method) = (basic.id, basic.secret, .basic)
            return
        }
        guard let id = form["client_id"], !id.isEmpty else {
            throw OAuthFailure(
                .invalidClient, "Name the client by client_id, or by Authorization: Basic where it has a secret.")
        }
        self.id = id
        secret = form["client_secret"]
        method = secret == nil ? .none : .post
    }

    /// The id and secret of `Authorization: Basic`; nil where there is no such field.
    static func basicCredentials(of request: Request) throws(OAuthFailure) -> (id: String, secret: String)? {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard fields.count == 1, parts.count == 2, parts[0].lowercased() == "basic" else {
            throw OAuthFailure(.invalidClient, "A client authenticates with one Authorization: Basic field.")
        }
        // Basic is base64 with padding (RFC 7617 §2); both halves are form-encoded (RFC 6749 §2.3.1).
        guard let decoded = Base64.decode(parts[1]), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let id = try? FormParameters.decode(decoded[..<colon], of: "client_id"),
            let secret = try? FormParameters.decode(decoded[(colon + 1)...], of: "client_secret")
        else {
            throw OAuthFailure(.invalidClient, "Authorization: Basic holds base64 of client_id:client_secret.")
        }
        return (id, secret)
    }
}

/// base64 with padding (RFC 4648 §4), on the strict base64url of MartletJOSE.
enum Base64 {
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count % 4 == 0, !text.utf8.contains(where: { $0 == 0x2D || $0 == 0x5F }) else { return nil }
        var url = text.utf8.map { $0 == UInt8(ascii: "+") ? 0x2D : $0 == UInt8(ascii: "/") ? 0x5F : $0 }
        for _ in 0..<2 where url.last == UInt8(ascii: "=") { url.removeLast() }
        return try? Base64URL.decode(url)
    }
}

extension Authority {
    /// The client of a request to an OAuth endpoint, its credentials checked.
    func client(of request: Request, form: FormParameters) async throws(OAuthFailure) -> ClientRegistration {
        let credentials = try ClientCredentials(request, form: form)
        let client = try await answeringOAuth { () async throws(AuthorityError) in
            try await clients.authenticated(credentials.id, secret: credentials.secret)
        }
        guard let client else { throw OAuthFailure.invalidClient }
        return client
    }
}
