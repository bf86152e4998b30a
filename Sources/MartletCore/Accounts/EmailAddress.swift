import MartletProtocol

/// An e-mail address, as far as it can be known without sending to it: at most 254 bytes (RFC 5321 §4.5.3.1.3), one
/// part on either side of the last `@`, no white space or control characters.
enum EmailAddress {
    static func validated(_ text: String) throws(AuthorityError) -> String {
        let address = try text.normalized(as: "An e-mail address")
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard address.utf8.count <= 254, parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }),
            !address.unicodeScalars.contains(where: {
                $0.properties.isWhitespace || $0.properties.generalCategory == .control
            })
        else { throw .malformed("An e-mail address looks like name@example.com and has at most 254 bytes.") }
        return address
    }
}
