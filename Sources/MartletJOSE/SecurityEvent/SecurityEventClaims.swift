/// The claims of a security event token (RFC 8417 §2.2) with one event.
public struct SecurityEventClaims: Hashable, Sendable {
    /// `iss`: who tells of the event, a URL.
    public var issuer: String

    /// `aud`: whom it is told.
    public var audience: String

    /// `iat`: when the token was made, in seconds since 1970, UTC.
    public var issuedAt: Int64

    /// `jti`: the token's name. A token that is sent again has the same.
    public var tokenID: String

    /// `sub_id`: whom or what the event is about (RFC 9493 §4.1).
    public var subject: SubjectIdentifier

    /// The URI that says what happened.
    public var eventType: String

    /// What there is to say of it, an object.
    public var event: JSONValue

    /// Makes claims.
    public init(
        issuer: String, audience: String, issuedAt: Int64, tokenID: String, subject: SubjectIdentifier,
        eventType: String, event: JSONValue
    ) {
        self.issuer = issuer
        self.audience = audience
        self.issuedAt = issuedAt
        self.tokenID = tokenID
        self.subject = subject
        self.eventType = eventType
        self.event = event
    }

    /// The claims as JSON text.
    func serialized() -> [UInt8] {
        var writer = JSONWriter(capacity: 768)
        writer.object {
            $0.member("iss", self.issuer)
            $0.member("aud", self.audience)
            $0.member("iat", self.issuedAt)
            $0.member("jti", self.tokenID)
            $0.member("sub_id") { self.subject.write(to: &$0) }
            $0.member("events") {
                $0.object { $0.member(self.eventType, self.event) }
            }
        }
        return writer.bytes
    }
}

extension AccessTokenSigner {
    /// Signs an event with the key of the access tokens.
    ///
    /// - Returns: The security event token, a compact JWS with `typ: secevent+jwt` (RFC 8417 §2.3), which no verifier of
    ///   access tokens takes for one. It has neither `sub` nor `exp` (§4.5, §4.6).
    public func sign(_ event: SecurityEventClaims) throws(JOSEError) -> String {
        try JWS.sign(payload: event.serialized(), header: ["typ": "secevent+jwt"], key: self.key)
    }
}
