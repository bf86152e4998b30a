import MartletProtocol

/// A name that an account may have: 1 to 128 bytes of UTF-8, NFC, no control characters, no white space at the ends.
enum Username {
    static let longest = 128

    /// - Returns: the name in NFC.
    /// - Throws: `malformedRequest`, which says what would be right.
    static func validated(_ text: String) throws(AuthorityError) -> String {
        let name = try text.normalized(as: "A username")
        guard (1...longest).contains(name.utf8.count) else {
            throw .malformed("A username has 1 to \(longest) bytes; this one has \(name.utf8.count).")
        }
        for scalar in name.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                throw .malformed("A username may not contain control, format or unassigned characters.")
            default: break
            }
        }
        guard name.first?.isWhitespace == false, name.last?.isWhitespace == false else {
            throw .malformed("A username may not begin or end with white space.")
        }
        return name
    }
}
