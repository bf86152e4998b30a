import MartletCore

/// A filter of several terms, each at most once and in any order: `user:0190…,state:ended`.
struct FilterTerms {
    private var terms: [String: String] = [:]

    /// - Parameters:
    ///   - text: nil for none.
    ///   - names: what there is to filter by.
    init(_ text: String?, names: [String]) throws(AuthorityError) {
        guard let text else { return }
        for term in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = term.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, names.contains(parts[0]), !parts[1].isEmpty,
                terms.updateValue(parts[1], forKey: parts[0]) == nil
            else {
                let known = names.map { "\($0):…" }.joined(separator: ", ")
                throw .malformed(
                    "The parameter filter is one or more of \(known), each at most once, with commas between them.")
            }
        }
    }

    /// The value of a term; nil where it is not there.
    ///
    /// - Parameters:
    ///   - expected: what would be right, for the error: `the id of a user`.
    ///   - convert: gives nil for a value that is not right.
    func read<Value>(
        _ name: String, _ expected: String, _ convert: (String) -> Value?
    ) throws(AuthorityError) -> Value? {
        guard let text = terms[name] else { return nil }
        guard let value = convert(text) else {
            throw .malformed("In the parameter filter, \(name) has to be \(expected).")
        }
        return value
    }
}
