public import MartletJOSE

/// The successful answer of the token endpoint (RFC 6749 §5.1). Its tokens print as `<redacted>`.
public struct TokenAnswer: Answer, Hashable {
    public var accessToken: String
    /// `Bearer` (RFC 6750), or `DPoP` (RFC 9449).
    public var tokenType: String
    /// How long the access token lives, in whole seconds; nil where the server does not say.
    public var expiresIn: Duration?
    public var refreshToken: String?
    /// The scopes, separated by spaces (RFC 6749 §3.3).
    public var scope: String?

    public init(
        accessToken: String, tokenType: String = "Bearer", expiresIn: Duration?, refreshToken: String? = nil,
        scope: String? = nil
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.expiresIn = expiresIn
        self.refreshToken = refreshToken
        self.scope = scope
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        accessToken = try members.string("access_token")
        tokenType = try members.string("token_type")
        expiresIn = try members.read("expires_in", "a number of seconds, at most a thousand years") { value in
            value.integer.flatMap { (0...31_622_400_000).contains($0) ? .seconds($0) : nil }
        }
        refreshToken = try members.string(ifPresent: "refresh_token")
        scope = try members.string(ifPresent: "scope")
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("access_token", accessToken)
            $0.member("token_type", tokenType)
            if let expiresIn { $0.member("expires_in", expiresIn.wholeSeconds) }
            $0.member("refresh_token", ifPresent: refreshToken)
            $0.member("scope", ifPresent: scope)
        }
    }
}

extension TokenAnswer: CustomStringConvertible, CustomReflectable {
    public var description: String {
        "TokenAnswer(<redacted>, tokenType: \(tokenType), expiresIn: \(expiresIn?.text ?? "not said"))"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
