/// Reads the claims of an access token in one pass over its payload.
///
/// It is as strict as ``JSONValue``, since both stand on ``JSONReader``; it only spares the values in between.
struct AccessTokenClaimsReader {
    /// The issuer and the audience that are expected, in the forms that make the usual case cheap: where a token says
    /// the same, its claims share these strings instead of making their own.
    final class Expectation: Sendable {
        let issuer: String
        let issuerBytes: [UInt8]
        let audience: [String]
        let audienceBytes: [UInt8]

        init(_ policy: AccessTokenPolicy) {
            self.issuer = policy.issuer
            self.issuerBytes = Array(policy.issuer.utf8)
            self.audience = [policy.audience]
            self.audienceBytes = Array(policy.audience.utf8)
        }
    }

    private enum Rounding {
        case down, up
    }

    /// `nbf`, once it has been read.
    private(set) var notBefore: Int64?

    private var json: JSONReader
    private let expected: Expectation
    private var seen = RegisteredClaimSet()
    private var isIssuerRight = false
    private var isAudienceRight = false

    init(_ payload: [UInt8], expected: Expectation) throws(JOSEError) {
        self.json = try JSONReader(payload, limits: .jose)
        self.expected = expected
    }

    /// Reads all claims, and checks that the required ones are there and that issuer and audience are right.
    mutating func read() throws(JOSEError) -> AccessTokenClaims {
        var claims = AccessTokenClaims(
            issuer: "", audience: [], subject: "", clientID: "", issuedAt: 0, expiresAt: 0, tokenID: ""
        )
        var next = 0
        var isFirst = true
        self.json.skipWhitespace()
        try self.json.open(UInt8(ascii: "{"), depth: 1)
        while try self.json.readSeparator(isFirst: isFirst, closing: UInt8(ascii: "}")) {
            isFirst = false
            let start = self.json.position
            var claim = self.skipName(expecting: next)
            if claim == nil {
                let name = try self.json.readName()
                claim = self.claim(name)
                if claim == nil {
                    let value = try self.json.readValue(depth: 1)
                    guard claims.custom.append(self.json.string(name), value) else {
                        throw self.json.duplicateMember(at: start)
                    }
                }
            }
            if let claim {
                guard self.seen.insert(claim) else {
                    throw self.json.duplicateMember(at: start)
                }
                next = claim.rawValue + 1
                try self.read(claim, into: &claims)
            }
        }
        try self.json.readEnd()

        if let missing = RegisteredClaimSet.required.first(missingFrom: self.seen) {
            throw JOSEError(.missingClaim, "The access token must have the claim `\(missing.name)`.")
        }
        guard self.isIssuerRight else {
            throw JOSEError(.wrongIssuer, "`iss` of the access token must be the issuer that is trusted here.")
        }
        guard self.isAudienceRight else {
            throw JOSEError(.wrongAudience, "`aud` of the access token must name this audience.")
        }
        return consume claims
    }

    /// Reads a name and its colon, if they are those of one of the claims that come next in our order, as in our tokens
    /// they are.
    private mutating func skipName(expecting next: Int) -> RegisteredClaim? {
        // Two claims in a row may be left out: `sid` and `auth_time`.
        for position in next..<min(next + 3, RegisteredClaim.count) {
            guard let claim = RegisteredClaim(rawValue: position), self.json.skip(claim.encodedMember) else { continue }
            self.json.skipWhitespace()
            return claim
        }
        return nil
    }

    private func claim(_ name: JSONReader.StringToken) -> RegisteredClaim? {
        let position = RegisteredClaim.encodedNames.firstIndex { self.json.string(name, is: $0) }
        return position.flatMap(RegisteredClaim.init(rawValue:))
    }

    private mutating func read(_ claim: RegisteredClaim, into claims: inout AccessTokenClaims) throws(JOSEError) {
        switch claim {
        case .issuer:
            let token = try self.readString(claim)
            self.isIssuerRight = self.json.string(token, is: self.expected.issuerBytes)
            claims.issuer = self.isIssuerRight ? self.expected.issuer : self.json.string(token)
        case .audience:
            claims.audience = try self.readAudience()
        case .subject:
            claims.subject = try self.readNonEmptyString(claim)
        case .clientID:
            claims.clientID = try self.readNonEmptyString(claim)
        case .issuedAt:
            claims.issuedAt = try self.readTime(claim, rounding: .down)
        case .expiresAt:
            claims.expiresAt = try self.readTime(claim, rounding: .down)
        case .tokenID:
            claims.tokenID = try self.readNonEmptyString(claim)
        case .sessionID:
            claims.sessionID = try self.readNonEmptyString(claim)
        case .authenticatedAt:
            claims.authenticatedAt = try self.readTime(claim, rounding: .down)
        case .roles:
            claims.roles = try self.readRoles()
        case .scope:
            claims.scope = try self.readScope()
        case .notBefore:
            self.notBefore = try self.readTime(claim, rounding: .up)
        }
    }

    private mutating func readString(_ claim: RegisteredClaim) throws(JOSEError) -> JSONReader.StringToken {
        guard self.json.peek() == UInt8(ascii: "\"") else {
            throw try self.refuse(claim, "a string")
        }
        return try self.json.readString()
    }

    private mutating func readNonEmptyString(_ claim: RegisteredClaim) throws(JOSEError) -> String {
        let token = try self.readString(claim)
        guard !token.range.isEmpty else {
            throw self.invalid(claim, "a string that is not empty")
        }
        return self.json.string(token)
    }

    /// RFC 7519 §4.1.3: one string, or an array of strings.
    private mutating func readAudience() throws(JOSEError) -> [String] {
        if self.json.peek() == UInt8(ascii: "\"") {
            let token = try self.json.readString()
            self.isAudienceRight = self.json.string(token, is: self.expected.audienceBytes)
            return self.isAudienceRight ? self.expected.audience : [self.json.string(token)]
        }
        var audience: [String] = []
        try self.readStrings(.audience, "a string or an array of strings") { reader, token in
            reader.isAudienceRight =
                reader.isAudienceRight || reader.json.string(token, is: reader.expected.audienceBytes)
            audience.append(reader.json.string(token))
        }
        return audience
    }

    private mutating func readRoles() throws(JOSEError) -> [String] {
        var roles: [String] = []
        try self.readStrings(.roles, "an array of strings") { reader, token in
            if roles.isEmpty {
                // An array that grows from one string to two and to four is made three times.
                roles.reserveCapacity(4)
            }
            roles.append(reader.json.string(token))
        }
        return roles
    }

    private mutating func readStrings(
        _ claim: RegisteredClaim,
        _ shape: String,
        _ body: (inout Self, JSONReader.StringToken) -> Void
    ) throws(JOSEError) {
        guard self.json.peek() == UInt8(ascii: "[") else {
            throw try self.refuse(claim, shape)
        }
        try self.json.open(UInt8(ascii: "["), depth: 2)
        var isFirst = true
        while try self.json.readSeparator(isFirst: isFirst, closing: UInt8(ascii: "]")) {
            isFirst = false
            guard self.json.peek() == UInt8(ascii: "\"") else {
                throw try self.refuse(claim, shape)
            }
            let token = try self.json.readString()
            body(&self, token)
        }
    }

    /// RFC 6749 §3.3: scopes with one space between them. An empty string, which some authorities write, is none.
    private mutating func readScope() throws(JOSEError) -> [String] {
        let token = try self.readString(.scope)
        let scopes =
            if token.isEscaped {
                ScopeToken.split(Array(self.json.string(token).utf8)[...])
            } else {
                ScopeToken.split(self.json.bytes[token.range])
            }
        guard let scopes else {
            throw self.invalid(.scope, "scopes with one space between them")
        }
        return scopes
    }

    /// RFC 7519 §2: seconds since 1970, which may have a fraction. It is rounded to the side that accepts less.
    private mutating func readTime(
        _ claim: RegisteredClaim,
        rounding: Rounding
    ) throws(JOSEError) -> Int64 {
        guard let byte = self.json.peek(),
            byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        else {
            throw try self.refuse(claim, "a number of seconds since 1970")
        }
        let number = try self.json.readNumber()
        guard let time = number.integer ?? Int64(exactly: number.double.rounded(rounding == .up ? .up : .down)) else {
            throw self.invalid(claim, "a number of seconds since 1970")
        }
        return time
    }

    /// The error for a value of the wrong type, or, where no value stands here at all, that of the JSON.
    @inline(never)
    private mutating func refuse(_ claim: RegisteredClaim, _ shape: String) throws(JOSEError) -> JOSEError {
        _ = try self.json.readValue(depth: 2)
        return self.invalid(claim, shape)
    }

    @inline(never)
    private func invalid(_ claim: RegisteredClaim, _ shape: String) -> JOSEError {
        JOSEError(.invalidClaim, "`\(claim.name)` of the access token must be \(shape).")
    }
}
