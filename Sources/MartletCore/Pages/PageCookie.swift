import Crypto
import MartletJOSE

/// The value of a cookie of the server's own pages: 256 random bits. Prints as `<redacted>`.
///
/// Storage knows only its SHA-256. The token of each form is made with it as the key, so that a page of another site,
/// which can neither read nor set the cookie, cannot make one; and who reads the form learns nothing of the cookie.
public struct PageCookie: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Makes a new one.
    public init() {
        bytes = newSecret()
    }

    /// Reads the value of a cookie.
    ///
    /// - Returns: nil where it is not one that this made.
    public init?(_ text: String) {
        guard text.utf8.count == 43, let bytes = try? Base64URL.decode(text), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// What the browser keeps.
    public var text: String { Base64URL.encode(bytes) }

    /// What storage keeps.
    var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// The token of the forms on pages that are shown to whoever has this cookie.
    public var formToken: String { Base64URL.encode(Array(formCode)) }

    /// Whether a form was shown to whoever has this cookie.
    public func isFormToken(_ text: String) -> Bool {
        guard let bytes = try? Base64URL.decode(text) else { return false }
        return constantTimeEquals(bytes, Array(formCode))
    }

    private var formCode: HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array("martlet form".utf8), using: SymmetricKey(data: bytes))
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
