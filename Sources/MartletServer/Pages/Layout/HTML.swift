/// A piece of a page. Its markup is written in the code; whatever varies is escaped on its way in.
///
/// ```swift
/// let item: HTML = "<li>\(user.username)</li>"
/// ```
/// Only a literal can become markup. A value has `< > & " '` escaped, which suits text and quoted attributes; a name
/// that is misspelt does not compile.
struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: StaticString) {
        text = "\(value)"
    }

    init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
    }

    static let none: HTML = ""

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: StaticString) {
            text += "\(literal)"
        }

        mutating func appendInterpolation(_ value: String) {
            for scalar in value.unicodeScalars {
                switch scalar {
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "&": text += "&amp;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }

        mutating func appendInterpolation(_ number: some BinaryInteger) {
            text += String(number)
        }

        mutating func appendInterpolation(_ html: HTML?) {
            if let html { text += html.text }
        }

        /// The pieces of a list, one for each element.
        mutating func appendInterpolation<Element>(each elements: some Sequence<Element>, _ piece: (Element) -> HTML) {
            for element in elements { text += piece(element).text }
        }
    }
}
