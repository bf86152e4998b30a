public import MartletJOSE

extension VerifiedAccessToken {
    /// Checks that the client was granted all of these scopes.
    ///
    /// - Throws: ``VerifierError/Code/insufficientScope``, which names them.
    public func require(scope: String...) throws(VerifierError) {
        try require(scope: scope)
    }

    /// Checks that the client was granted all of these scopes. Throws as the other does.
    public func require(scope: [String]) throws(VerifierError) {
        let granted = self.scope
        guard scope.allSatisfy(granted.contains) else {
            throw VerifierError(
                .insufficientScope,
                "The access token must have the scope \(scope.joined(separator: " ")).",
                detail: "scope of client \(clientID): \(granted.joined(separator: " "))",
                scope: scope
            )
        }
    }

    /// Checks that the user has this role.
    ///
    /// - Throws: ``VerifierError/Code/insufficientScope``; RFC 6750 §3.1 has no error of its own for roles.
    public func require(role: String) throws(VerifierError) {
        guard roles.contains(role) else {
            throw VerifierError(
                .insufficientScope,
                "The user must have the role \(role).",
                detail: "roles of \(subject): \(roles.joined(separator: " "))"
            )
        }
    }
}
