/// Reads a bearer token from a request, strictly by RFC 6750 §2.1. The other places of §2.2 and §2.3, the form and the
/// query, are not looked at: RFC 9700 §4.3.2 wants them gone.
public enum BearerCredentials {
    /// The token in the `Authorization` header.
    ///
    /// - Parameter authorization: the values of all `Authorization` headers of the request.
    /// - Throws: ``VerifierError/Code/tokenMissing`` where there is none, or one of another scheme;
    ///   ``VerifierError/Code/malformedRequest`` where there are several headers;
    ///   ``VerifierError/Code/tokenInvalid`` where what follows `Bearer` is no token.
    public static func token(inAuthorization authorization: [String]) throws(VerifierError) -> String {
        guard let value = authorization.first else { throw missing }
        guard authorization.count == 1 else {
            throw VerifierError(.malformedRequest, "The request must have one Authorization header.")
        }
        let bytes = value.utf8
        let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
        guard scheme.count == 6, scheme.elementsEqual("bearer".utf8, by: { $0 | 0x20 == $1 }) else { throw missing }
        let token = bytes.dropFirst(6).drop { $0 == UInt8(ascii: " ") }
        guard isToken68(token) else {
            throw VerifierError(.tokenInvalid, "The Authorization header must be Bearer and one access token.")
        }
        return String(Substring(token))
    }

    /// - Throws: ``VerifierError/Code/tokenInvalid`` where the text is not of the form that tokens have.
    static func check(_ token: String) throws(VerifierError) {
        guard isToken68(token[...].utf8) else {
            throw VerifierError(.tokenInvalid, "The access token has characters that no token has.")
        }
    }

    /// What a request without a token gets.
    package static var missing: VerifierError {
        VerifierError(.tokenMissing, "Send an access token in the header Authorization: Bearer.")
    }

    /// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
    private static func isToken68(_ text: Substring.UTF8View) -> Bool {
        let padding = text.drop { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default:
                false
            }
        }
        return padding.startIndex != text.startIndex && padding.allSatisfy { $0 == UInt8(ascii: "=") }
    }
}
