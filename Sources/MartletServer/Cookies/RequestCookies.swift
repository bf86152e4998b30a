import HTTPTypes
import MartletCore
import MartletProtocol

/// The cookies of a request (RFC 6265 §5.4).
struct RequestCookies {
    private let pairs: [(name: Substring, value: Substring)]

    init(_ headers: HTTPFields) {
        // HTTP/2 may split the field.
        pairs = headers[values: .cookie].flatMap { field in
            field.split(separator: ";").compactMap { part in
                let pair = part.trimmed
                guard let sign = pair.firstIndex(of: "=") else { return nil }
                return (pair[..<sign], pair[pair.index(after: sign)...])
            }
        }
    }

    /// The value of a cookie; nil where there is none.
    ///
    /// - Throws: `malformedRequest` where two have the name: nobody can say which of them is meant.
    func value(of name: String) throws(AuthorityError) -> String? {
        let values = pairs.filter { $0.name == name }
        guard values.count <= 1 else {
            throw .malformed("There are two cookies named \(name): send one.")
        }
        return values.first.map { String($0.value) }
    }

    /// Whether there is a cookie with a name of this beginning.
    func contains(prefix: String) -> Bool { pairs.contains { $0.name.hasPrefix(prefix) } }
}
