import MartletProtocol

/// What a scope or a role is spelt with: a subset of RFC 6749 §3.3 that is safe in headers and logs.
enum ScopeToken {
    static func isValid(_ token: String) -> Bool {
        (1...64).contains(token.utf8.count)
            && token.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "_", ":", "-": true
                default: false
                }
            }
    }

    /// The scopes of a client.
    static func validated(_ scopes: [String]) throws(AuthorityError) -> [String] {
        guard scopes.allSatisfy(isValid) else {
            throw .malformed("A scope is 1 to 64 of A-Z a-z 0-9 . _ : -.")
        }
        let scopes = scopes.withoutRepeats
        guard scopes.count <= 64 else { throw .malformed("A client has at most 64 scopes.") }
        return scopes
    }
}

extension [String] {
    /// The strings in their order, each once.
    var withoutRepeats: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
