import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// A client's id and secret as `Authorization: Basic` carries them: base64 with padding (RFC 7617 §2), in which both
/// halves are form-encoded (RFC 6749 §2.3.1).
struct BasicCredentials {
    let id: String
    let secret: String

    /// - Returns: nil where the request has no field `Authorization`.
    /// - Throws: `malformedRequest`, which says what would be right.
    init?(of request: Request) throws(AuthorityError) {
        guard let field = try AuthorizationField(of: request) else { return nil }
        guard field.scheme == "basic" else {
            throw .malformed("A client authenticates with Authorization: Basic, and with no other scheme.")
        }
        guard let decoded = Self.decodeBase64(field.credentials), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let id = try? FormParameters.decode(decoded[..<colon], of: "client_id"),
            let secret = try? FormParameters.decode(decoded[(colon + 1)...], of: "client_secret")
        else {
            throw .malformed(
                "Authorization: Basic holds the base64 of client_id:client_secret, both percent-encoded.")
        }
        self.id = id
        self.secret = secret
    }

    /// base64 with padding (RFC 4648 §4), on the strict base64url of MartletJOSE.
    private static func decodeBase64(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count % 4 == 0,
            !text.utf8.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else { return nil }
        var url = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        for _ in 0..<2 where url.last == UInt8(ascii: "=") { url.removeLast() }
        return try? Base64URL.decode(url)
    }
}
