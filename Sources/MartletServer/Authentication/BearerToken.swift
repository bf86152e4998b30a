import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

extension Request {
    /// The access token of `Authorization: Bearer` (RFC 6750 §2.1). Tokens in forms or URLs are not read.
    ///
    /// - Throws: `tokenMissing`, or `tokenInvalid` where the field is there and malformed.
    func bearerToken() throws(AuthorityError) -> String {
        let fields = headers[values: .authorization]
        guard let field = fields.first else {
            throw AuthorityError(.tokenMissing, message: "send the access token as Authorization: Bearer")
        }
        guard fields.count == 1 else {
            throw .malformed("send one Authorization field")
        }
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw AuthorityError(.tokenMissing, message: "send the access token as Authorization: Bearer")
        }
        let token = parts[1].drop { $0 == " " }
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AuthorityError(.tokenInvalid, message: "the access token has to be one word of ASCII")
        }
        return String(token)
    }
}
