extension Words {
    /// The language that a browser likes best, of those there are (RFC 9110 §12.5.4; basic filtering, RFC 4647 §3.3.1).
    static func best(for acceptLanguage: String?, among all: [Words] = all) -> Words {
        let wishes = (acceptLanguage ?? "").split(separator: ",").prefix(32).enumerated().compactMap { place, wish in
            let parts = wish.split(separator: ";").map { $0.trimmed.lowercased() }
            guard let range = parts.first else { return nil as Wish? }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            return Wish(range: range, quality: quality, place: place)
        }
        for wish in wishes.sorted(by: { ($1.quality, $0.place) < ($0.quality, $1.place) }) where wish.quality > 0 {
            if let words = all.first(where: { wish.matches($0.language) }) { return words }
        }
        return all[0]
    }

    private struct Wish {
        let range: String
        let quality: Double
        let place: Int

        func matches(_ language: String) -> Bool {
            let language = language.lowercased()
            // A browser that asks for Swiss German is glad of German.
            return range == language || language.hasPrefix(range + "-") || range.hasPrefix(language + "-")
        }
    }
}
