import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// The field `Authorization` (RFC 9110 §11.6.2): a scheme, and the credentials of that scheme.
struct AuthorizationField {
    /// In lower case, as schemes are compared.
    let scheme: String
    let credentials: Substring

    /// - Returns: nil where the request has no such field.
    /// - Throws: `malformedRequest` where it has two, since nobody can say whose word counts.
    init?(of request: Request) throws(AuthorityError) {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else { return nil }
        guard fields.count == 1 else { throw .malformed("Send one Authorization field.") }
        let parts = field.split(separator: " ", maxSplits: 1)
        scheme = parts.first?.lowercased() ?? ""
        credentials = parts.count == 2 ? parts[1].trimmed : ""
    }
}
