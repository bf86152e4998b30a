/// A page of which one part is written by a program, between two comments.
struct MarkedText {
    struct MissingMark: Error, CustomStringConvertible {
        var description: String
    }

    var text: String

    /// Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`.
    mutating func replace(_ name: String, with content: String) throws(MissingMark) {
        guard let begin = text.firstRange(of: "<!-- \(name) -->"),
            let end = text[begin.upperBound...].firstRange(of: "<!-- /\(name) -->")
        else {
            throw MissingMark(description: "there is no part between <!-- \(name) --> and <!-- /\(name) -->")
        }
        text.replaceSubrange(begin.upperBound..<end.lowerBound, with: "\n\(content)\n")
    }
}
