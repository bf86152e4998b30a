/// The grammar of a scope (RFC 6749 §3.3): `1*( %x21 / %x23-5B / %x5D-7E )`.
enum ScopeToken {
    /// Whether these bytes are one scope.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        text.indices.allSatisfy { self.isAllowed(text[$0]) } && !text.isEmpty
    }

    /// The scopes of a text in which they stand with one space between them; none in an empty text; nothing if it is not
    /// so.
    static func split(_ text: ArraySlice<UInt8>) -> [String]? {
        guard !text.isEmpty else {
            return []
        }
        var scopes: [String] = []
        scopes.reserveCapacity(4)
        var start = text.startIndex
        for position in text.indices {
            if self.isAllowed(text[position]) {
                continue
            }
            guard text[position] == UInt8(ascii: " "), position > start else {
                return nil
            }
            scopes.append(String(decoding: text[start..<position], as: UTF8.self))
            start = position + 1
        }
        guard start < text.endIndex else {
            return nil
        }
        scopes.append(String(decoding: text[start...], as: UTF8.self))
        return scopes
    }

    @inline(__always)
    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
