#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Who the verifier is at the authority. Prints without the secret.
struct ClientCredentials: Sendable {
    let id: String
    private let secret: String

    init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// The value of `Authorization` (RFC 7617 §2), in which both halves are form-encoded (RFC 6749 §2.3.1).
    var authorization: String {
        "Basic " + Data("\(id.formEncoded):\(secret.formEncoded)".utf8).base64EncodedString()
    }
}

extension ClientCredentials: CustomStringConvertible, CustomReflectable {
    var description: String { "ClientCredentials(id: \(id), secret: <redacted>)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
