import MartletJOSE
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandTokenTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    /// RFC 7515, appendix A.1.
    static let example =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test func withoutDataNothingIsSaidToBeTrue() async throws {
        let json = try await martlet.run("token", "inspect", Self.example, "--json").json
        #expect(json["kind"] == "jwt")
        #expect(json["verification"] == "not_checked")
        #expect(json["verificationDetail"]?.string?.contains("no data folder") == true)
        #expect(json["expired"] == true)
        #expect(json["header"] == ["typ": "JWT", "alg": "HS256"])
        #expect(json["claims"] == ["iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true])
        let text = try await martlet.run("token", "inspect", "-", input: Self.example + "\n").output
        #expect(text.contains("verified  no: "))
        #expect(text.contains("yes, it expired 2011-03-22 18:43:00Z"))
        #expect(!text.lowercased().contains("valid"))

        // Where the data was named, its absence is an error.
        let named = try await martlet.run("token", "inspect", Self.example, "--data", folder("none"))
        #expect(named.status == 1)
        #expect(named.errors.contains("no data folder"))
    }

    @Test func aKeyThatIsNotOursVerifiesNothing() async throws {
        try await martlet.run("client", "add", "app", "--public")
        let json = try await martlet.run("token", "inspect", Self.example, "--json").json
        #expect(json["verification"] == "failed")
    }

    @Test func aRefreshTokenIsToldByWhatItSays() async throws {
        // Version 1, key 3, a session, generation 7, a time, and zeros in place of secrets and MAC.
        let bytes: [UInt8] =
            [1, 3] + [0x01, 0x9B, 0x5A, 0x2E, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 9] + [0, 0, 0, 7]
            + [0x01, 0x9B, 0x5A, 0x2E, 0, 0] + [UInt8](repeating: 0, count: 56)
        let token = "mrt_" + Base64URL.encode(bytes)
        let json = try await martlet.run("token", "inspect", "--json", input: token).json
        #expect(json["kind"] == "refresh_token")
        #expect(json["verification"] == "not_checked")
        #expect(json["sessionId"] == "019b5a2e-0000-7000-8000-000000000009")
        #expect(json["generation"] == 7)
        #expect(json["key"] == "3")
    }

    @Test(arguments: [
        ("", 1, "no token on standard input"),
        ("rubbish", 1, "neither a JWT"),
        ("a.b", 1, "neither a JWT"),
        ("a.b.c.d.e", 1, "encrypted"),
        ("!.e30.", 1, "header of this JWT is damaged"),
        ("e30.W10.", 1, "payload of this JWT is not a JSON object"),
        ("e30.eyJhIjoxLCJhIjoyfQ.", 1, "payload of this JWT is damaged"),
        ("mrt_short", 1, "begins like a refresh token"),
    ])
    func whatIsNoTokenIsRefused(_ token: String, _ status: Int32, _ words: String) async throws {
        let outcome = try await martlet.run("token", "inspect", input: token)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
}
