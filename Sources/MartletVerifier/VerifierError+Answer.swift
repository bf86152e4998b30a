public import MartletProtocol

extension VerifierError {
    /// The body of the answer (RFC 9457), which also knows its status.
    public var problem: Problem {
        Problem(code.problem, message, retryAfter: retryAfter)
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3); nil where the status is not about the token.
    ///
    /// A request without credentials gets no `error`, as §3.1 wants it.
    ///
    /// - Parameter realm: what the protected resources are called, if they have a name.
    public func challenge(realm: String? = nil) -> String? {
        guard code.problem.status != 503 else { return nil }
        var parameters: [String] = []
        if let realm { parameters.append("realm=\(quoted(realm))") }
        if let error = code.bearerError {
            parameters.append("error=\(quoted(error))")
            parameters.append("error_description=\(quoted(message))")
        }
        if !scope.isEmpty { parameters.append("scope=\(quoted(scope.joined(separator: " ")))") }
        return parameters.isEmpty ? "Bearer" : "Bearer " + parameters.joined(separator: ", ")
    }
}

/// A quoted string of the characters that RFC 6750 §3 allows in all of its parameters: printable ASCII without quote
/// and backslash. Any other becomes a question mark, so that no text can leave its quotes or its line.
private func quoted(_ text: String) -> String {
    let allowed = text.unicodeScalars.map { scalar -> Character in
        (0x20...0x7E).contains(scalar.value) && scalar != "\"" && scalar != "\\" ? Character(scalar) : "?"
    }
    return "\"" + String(allowed) + "\""
}
