/// What one source says about one key, unread.
struct ConfigurationSetting {
    let key: ConfigurationKey
    /// One text, or any number for a list.
    let texts: [String]
    /// Where each text stands; for an empty list, where the list stands.
    let origins: [ConfigurationOrigin]

    init(key: ConfigurationKey, texts: [String], origins: [ConfigurationOrigin]) {
        self.key = key
        self.texts = texts
        self.origins = origins
    }

    /// A text that stands in one place; for a list it is split at its commas.
    init(key: ConfigurationKey, text: String, origin: ConfigurationOrigin) {
        self.key = key
        texts = key.isList ? text.split(separator: ",").map { $0.trimmingSpaces } : [text]
        origins = Array(repeating: origin, count: max(texts.count, 1))
    }
}

extension Substring {
    /// The text without spaces and tabs at its ends.
    fileprivate var trimmingSpaces: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
