/// A `Content-Type` as far as it is acted on: its type, and that its charset, where one is given, is UTF-8.
struct MediaTypeField {
    private let type: String

    /// - Returns: nil where the field is missing, empty, or of another charset.
    init?(_ field: String?) {
        guard let field else { return nil }
        // As most write it.
        if field == "application/json" {
            type = field
            return
        }
        let parts = field.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed.lowercased() }
        guard let type = parts.first, !type.isEmpty else { return nil }
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            guard ["charset=utf-8", "charset=\"utf-8\""].contains(parameter) else { return nil }
        }
        self.type = type
    }

    var isJSON: Bool { type == "application/json" }
    var isForm: Bool { type == "application/x-www-form-urlencoded" }
}

extension Substring {
    /// Without the optional white space that HTTP allows around list elements and parameters (RFC 9110 §5.6.3).
    var trimmed: Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let start = firstIndex(where: { !isSpace($0) }), let end = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return self[start...end]
    }
}
