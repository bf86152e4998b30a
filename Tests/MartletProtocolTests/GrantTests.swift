import MartletJOSE
import MartletProtocol
import Testing

struct GrantTests {
    static let grant = Grant(
        accessToken: Grant.AccessToken(
            token: "eyJ.a.b", expiresIn: .seconds(1800), expiresAt: at("2026-01-01T12:30:00Z"),
            renewAt: at("2026-01-01T12:25:41Z")),
        refreshToken: Grant.RefreshToken(
            refreshToken: "mrt_secret", expiresIn: .seconds(7 * 86_400), expiresAt: at("2026-01-08T12:00:00Z")),
        session: Grant.Session(
            id: session, createdAt: at("2026-01-01T12:00:00Z"), expiresAt: at("2026-04-01T12:00:00.250Z")),
        user: Grant.User(id: user, username: "ada \"the first\"", roles: ["admin"])
    )

    static let text = #"""
        {"accessToken":{"token":"eyJ.a.b","expiresIn":"30m","expiresAt":"2026-01-01T12:30:00Z",\#
        "renewAt":"2026-01-01T12:25:41Z"},\#
        "refreshToken":{"refreshToken":"mrt_secret","expiresIn":"7d","expiresAt":"2026-01-08T12:00:00Z"},\#
        "session":{"id":"01890a5d-ac96-774b-bcce-b302099a8057","createdAt":"2026-01-01T12:00:00Z",\#
        "expiresAt":"2026-04-01T12:00:00.250Z"},\#
        "user":{"id":"01890a5d-ac96-774b-bcce-b302099a8058","username":"ada \"the first\"","roles":["admin"]}}
        """#

    @Test func isWrittenAsTheWireHasIt() throws {
        #expect(String(decoding: Self.grant.encoded(), as: UTF8.self) == Self.text)
        #expect(try Grant(decoding: Array(Self.text.utf8)) == Self.grant)
    }

    @Test func hasNoRefreshTokenWhereACookieCarriesIt() throws {
        var grant = Self.grant
        grant.refreshToken = nil
        #expect(!String(decoding: grant.encoded(), as: UTF8.self).contains("refreshToken"))
        #expect(try Grant(decoding: grant.encoded()) == grant)
    }

    @Test func ignoresUnknownMembers() throws {
        let text = #"{"new":[1,{"a":null}],"# + Self.text.dropFirst()
        #expect(try Grant(decoding: Array(text.utf8)) == Self.grant)
    }

    @Test(arguments: [
        ("[]", ProtocolError.Code.malformedJSON, nil),
        ("{", .malformedJSON, nil),
        (#"{"user":{},"user":{}}"#, .malformedJSON, nil),
        ("{}", .missingMember, "accessToken"),
        (text.replacing(#""user":{"#, with: #""user":[{"#).replacing("]}}", with: "]}]}"), .invalidMember, "user"),
        (text.replacing(#""30m""#, with: "1800"), .invalidMember, "accessToken.expiresIn"),
        (text.replacing(#""30m""#, with: #""30""#), .invalidMember, "accessToken.expiresIn"),
        (text.replacing("2026-01-08T", with: "2026-13-08T"), .invalidMember, "refreshToken.expiresAt"),
        (text.replacing("01890a5d-ac96-774b-bcce-b302099a8058", with: "7"), .invalidMember, "user.id"),
        (text.replacing(#"["admin"]"#, with: #"["admin",1]"#), .invalidMember, "user.roles"),
        (text.replacing(#""token":"eyJ.a.b","#, with: ""), .missingMember, "accessToken.token"),
        (text.replacing(#""token":"eyJ.a.b","#, with: #""token":null,"#), .missingMember, "accessToken.token"),
    ])
    func refuses(text: String, code: ProtocolError.Code, name: String?) {
        #expect(throws: ProtocolError(code, name: name, "")) { try Grant(decoding: Array(text.utf8)) }
    }

    @Test func errorsNameTheMemberAndWhatWouldBeRight() {
        let text = Self.text.replacing(#""30m""#, with: "1800")
        let error = #expect(throws: ProtocolError.self) { try Grant(decoding: Array(text.utf8)) }
        #expect(error?.message == "The member accessToken.expiresIn has to be a duration such as 5s, 30m or 7d.")
    }

    @Test func printsNoSecret() {
        var dumped = ""
        dump(Self.grant, to: &dumped)
        for text in ["\(Self.grant)", String(reflecting: Self.grant), dumped] {
            #expect(!text.contains("eyJ.a.b") && !text.contains("mrt_secret"))
        }
        #expect("\(Self.grant)".contains("<redacted>"))
    }

    @Test(arguments: [
        ("2026-01-01T12:25:41Z", 1541),
        ("2026-01-01T12:30:00Z", 1800),
        ("2026-01-01T13:00:00Z", 1800),
        ("2026-01-01T11:00:00Z", 0),
    ])
    func renewInComparesTheServersTimesOnly(renewAt: String, seconds: Int64) {
        var token = Self.grant.accessToken
        token.renewAt = at(renewAt)
        #expect(token.renewIn == .seconds(seconds))
    }
}

func at(_ text: String) -> Timestamp {
    guard let timestamp = Timestamp(rfc3339: text) else { preconditionFailure("not RFC 3339: \(text)") }
    return timestamp
}

let session: SessionID = identifier("01890a5d-ac96-774b-bcce-b302099a8057")
let user: UserID = identifier("01890a5d-ac96-774b-bcce-b302099a8058")

private func identifier<Kind>(_ text: String) -> Identifier<Kind> {
    guard let identifier = Identifier<Kind>(text) else { preconditionFailure("not a version 7 UUID: \(text)") }
    return identifier
}
