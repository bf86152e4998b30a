extension String {
    /// How many combining marks may follow one another, as in the Stream-Safe Text Format (UAX #15 §13).
    package static let mostCombiningMarks = 30

    /// Whether no more than ``mostCombiningMarks`` follow one another.
    ///
    /// The standard library compares, hashes and normalizes text by sorting the marks of a run by insertion: a run of
    /// 30,000 takes a second. No language has more than a few, so what comes from outside is refused for more.
    package var hasFewCombiningMarks: Bool {
        guard self.utf8.count > Self.mostCombiningMarks, self.utf8.contains(where: { $0 >= 0x80 }) else {
            return true
        }
        var run = 0
        for scalar in self.unicodeScalars {
            let properties = scalar.properties
            // A few marks are of class 0 and decompose into others, such as U+0F73: they count by their category.
            let isMark =
                properties.canonicalCombiningClass != .notReordered || properties.generalCategory == .nonspacingMark
            run = isMark ? run + 1 : 0
            if run > Self.mostCombiningMarks {
                return false
            }
        }
        return true
    }
}
