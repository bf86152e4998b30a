import MartletProtocol

/// A password as it is hashed: NFC (RFC 8265 §4.2, OpaqueString), UTF-8. Prints as `<redacted>`.
struct Password: Sendable, CustomStringConvertible, CustomReflectable {
    static let longest = 1_024

    let bytes: [UInt8]

    /// A password to check: any text that is not too long to hash.
    ///
    /// - Returns: nil where it is longer than 1,024 bytes, which no account's password is.
    init?(checking text: String) {
        bytes = Array(text.inNormalizationFormC.utf8)
        if bytes.count > Self.longest { return nil }
    }

    /// A new password, held against the rules.
    ///
    /// - Throws: `malformedRequest`, which says what would be right.
    init(new text: String, for username: String, rules: PasswordRules) throws(AuthorityError) {
        let normalized = try text.normalized(as: "A password")
        bytes = Array(normalized.utf8)
        guard bytes.count >= rules.minimumLength else {
            throw .malformed("A password has at least \(rules.minimumLength) bytes; this one has \(bytes.count).")
        }
        guard bytes.count <= Self.longest else {
            throw .malformed("A password has at most \(Self.longest) bytes; this one has \(bytes.count).")
        }
        guard !bytes.contains(0) else {
            throw .malformed("A password may not contain the character NUL.")
        }
        guard UsernameKey(normalized) != UsernameKey(username) else {
            throw .malformed("The password may not be the username.")
        }
        guard !CommonPasswords.contains(normalized) else {
            throw .malformed("This password is on the list of common passwords; choose another.")
        }
    }

    var description: String { "<redacted>" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a new password has to be, besides uncommon and at most 1,024 bytes.
public struct PasswordRules: Sendable, Hashable {
    /// In bytes of UTF-8.
    public var minimumLength: Int

    public init(minimumLength: Int = 8) {
        self.minimumLength = minimumLength
    }
}
