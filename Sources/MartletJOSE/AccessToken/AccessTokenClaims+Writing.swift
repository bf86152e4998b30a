extension AccessTokenClaims {
    /// Checks that a token with these claims would be read back as it was meant.
    func check() throws(JOSEError) {
        guard !self.issuer.isEmpty, !self.subject.isEmpty, !self.clientID.isEmpty, !self.tokenID.isEmpty,
            self.sessionID?.isEmpty != true
        else {
            throw JOSEError(.invalidClaim, "`iss`, `sub`, `client_id`, `jti` and `sid` must not be empty.")
        }
        guard !self.audience.isEmpty, self.audience.allSatisfy({ !$0.isEmpty }) else {
            throw JOSEError(.invalidClaim, "`aud` must name at least one audience.")
        }
        guard self.scope.allSatisfy({ $0.utf8.withBytes(ScopeToken.isValid) }) else {
            throw JOSEError(.invalidClaim, "A scope must be printable ASCII without space, quote and backslash.")
        }
        for member in self.custom.members where RegisteredClaim.names.contains(member.name) {
            throw JOSEError(.invalidClaim, "A custom claim must not be named `\(member.name)`, which is registered.")
        }
        guard self.statusList == nil || self.custom["status"] == nil else {
            throw JOSEError(.invalidClaim, "A custom claim must not be named `status` where there is a status list.")
        }
    }

    /// The claims as JSON text, in the order of ``RegisteredClaim``.
    ///
    /// The punctuation stands in as few pieces as possible, quotes included, and goes with a claim's value.
    func serialized() -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.literal(#"{"iss":""#, content: self.issuer)
        if self.audience.count == 1 {
            writer.literal(#"","aud":""#, content: self.audience[0])
            writer.literal(#"","sub":""#, content: self.subject)
        } else {
            writer.texts(#"","aud":["#, self.audience)
            writer.literal(#","sub":""#, content: self.subject)
        }
        writer.literal(#"","client_id":""#, content: self.clientID)
        writer.literal(#"","iat":"#, integer: self.issuedAt)
        writer.literal(#","exp":"#, integer: self.expiresAt)
        writer.literal(#","jti":""#, content: self.tokenID)
        if let sessionID = self.sessionID {
            writer.literal(#"","sid":""#, content: sessionID)
        }
        if let authenticatedAt = self.authenticatedAt {
            writer.literal(#"","auth_time":"#, integer: authenticatedAt)
        } else {
            writer.literal(#"""#)
        }
        writer.texts(#","roles":["#, self.roles)
        if let first = self.scope.first {
            writer.literal(#","scope":""#, content: first)
            for scope in self.scope.dropFirst() {
                writer.literal(" ", content: scope)
            }
            writer.literal(#"""#)
        }
        if let statusList = self.statusList {
            writer.literal(#","status":{"status_list":{"idx":"#, integer: statusList.index)
            writer.literal(#","uri":""#, content: statusList.uri)
            writer.literal(#""}}"#)
        }
        for member in self.custom.members {
            writer.member(member.name, member.value)
        }
        writer.literal("}")
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes texts and the end of the array whose beginning the literal is.
    fileprivate mutating func texts(_ literal: StaticString, _ values: [String]) {
        self.literal(literal)
        for position in values.indices {
            if position == 0 {
                self.literal(#"""#, content: values[0])
            } else {
                self.literal(#"",""#, content: values[position])
            }
        }
        self.literal(values.isEmpty ? "]" : #""]"#)
    }
}
