import MartletProtocol

/// A role: 1 to 64 of `A-Z a-z 0-9 . _ : -`. A user has at most 32.
package enum Role {
    /// Whoever has it may do everything that an operator does over HTTP.
    package static let admin = "admin"

    static func validated(_ roles: [String]) throws(AuthorityError) -> [String] {
        guard roles.allSatisfy(ScopeToken.isValid) else {
            throw .malformed("A role is 1 to 64 of A-Z a-z 0-9 . _ : -.")
        }
        let roles = roles.withoutRepeats
        guard roles.count <= 32 else { throw .malformed("A user has at most 32 roles.") }
        return roles
    }
}
