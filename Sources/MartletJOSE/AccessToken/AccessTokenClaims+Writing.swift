extension AccessTokenClaims {
    /// Checks that a token with these claims would be read back as it was meant.
    func check() throws(JOSEError) {
        guard !self.issuer.isEmpty, !self.subject.isEmpty, !self.clientID.isEmpty, !self.tokenID.isEmpty,
            self.sessionID != ""
        else {
            throw JOSEError(.invalidClaim, "`iss`, `sub`, `client_id`, `jti` and `sid` must not be empty.")
        }
        guard !self.audience.isEmpty, !self.audience.contains("") else {
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
    /// The punctuation stands in as few pieces as possible, quotes included, since each piece costs about as much as a
    /// claim.
    func serialized() -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.literal(#"{"iss":""#)
        writer.content(self.issuer)
        if self.audience.count == 1 {
            writer.literal(#"","aud":""#)
            writer.content(self.audience[0])
            writer.literal(#"","sub":""#)
        } else {
            writer.literal(#"","aud":"#)
            writer.texts(self.audience)
            writer.literal(#","sub":""#)
        }
        writer.content(self.subject)
        writer.literal(#"","client_id":""#)
        writer.content(self.clientID)
        writer.literal(#"","iat":"#)
        writer.integer(self.issuedAt)
        writer.literal(#","exp":"#)
        writer.integer(self.expiresAt)
        writer.literal(#","jti":""#)
        writer.content(self.tokenID)
        if let sessionID = self.sessionID {
            writer.literal(#"","sid":""#)
            writer.content(sessionID)
        }
        if let authenticatedAt = self.authenticatedAt {
            writer.literal(#"","auth_time":"#)
            writer.integer(authenticatedAt)
        } else {
            writer.literal(#"""#)
        }
        writer.literal(#","roles":"#)
        writer.texts(self.roles)
        if !self.scope.isEmpty {
            writer.literal(#","scope":""#)
            for position in self.scope.indices {
                if position > 0 {
                    writer.literal(" ")
                }
                writer.content(self.scope[position])
            }
            writer.literal(#"""#)
        }
        if let statusList = self.statusList {
            writer.literal(#","status":{"status_list":{"idx":"#)
            writer.integer(statusList.index)
            writer.literal(#","uri":""#)
            writer.content(statusList.uri)
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
    fileprivate mutating func texts(_ values: [String]) {
        guard let first = values.first else {
            return self.literal("[]")
        }
        self.literal(#"[""#)
        self.content(first)
        for value in values.dropFirst() {
            self.literal(#"",""#)
            self.content(value)
        }
        self.literal(#""]"#)
    }
}
