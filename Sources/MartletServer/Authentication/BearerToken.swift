import Hummingbird
import MartletCore
import MartletProtocol

extension Request {
    /// The access token of `Authorization: Bearer` (RFC 6750 §2.1). Tokens in forms or URLs are not read.
    ///
    /// - Throws: `tokenMissing`, `tokenInvalid` where it is malformed, or `malformedRequest` for two fields.
    func bearerToken() throws(AuthorityError) -> String {
        guard let field = try AuthorizationField(of: self), field.scheme == "bearer" else {
            throw AuthorityError(.tokenMissing, message: "Send the access token as Authorization: Bearer.")
        }
        guard !field.credentials.isEmpty, field.credentials.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw AuthorityError(.tokenInvalid, message: "The access token has to be one word of ASCII.")
        }
        return String(field.credentials)
    }
}
