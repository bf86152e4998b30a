/// The grammar of a scope (RFC 6749 §3.3): `1*( %x21 / %x23-5B / %x5D-7E )`.
enum ScopeToken {
    /// Whether these bytes are one scope.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        text.indices.allSatisfy { self.isAllowed(text[$0]) } && !text.isEmpty
    }

    @inline(__always)
    static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
