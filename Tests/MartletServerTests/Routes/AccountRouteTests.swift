import HTTPTypes
import MartletCore
import MartletProtocol
import Testing

struct AccountRouteTests {
    @Test func tellsWhoIAm() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser(roles: ["admin", "editor"])
        try await served.serve { api in
            let answer = try await api.get("/v1/me", as: try await api.signIn().bearer)
            #expect(
                answer.text == """
                    {"id":"\(user.id)","username":"alice","roles":["admin","editor"],\
                    "createdAt":"2026-01-01T00:00:00Z","disabled":false}
                    """)
        }
    }

    @Test func signsUpWhereItIsOpen() async throws {
        try await ServedAuthority { $0.signUp = .open }.serve { api in
            let body = #"{"username":"alice","password":"\#(ServedAuthority.password)","email":"a@example.com"}"#
            let answer = try await api.post("/v1/users", json: body)
            #expect(answer.status == 201)
            let user = try UserDescription(decoding: answer.body)
            #expect(
                answer.text == """
                    {"id":"\(user.id)","username":"alice","email":"a@example.com","roles":[],\
                    "createdAt":"2026-01-01T00:00:00Z","disabled":false}
                    """)
            let grant = try await api.signIn()
            #expect(grant.user.id == user.id)
            let taken = try await api.post("/v1/users", json: body.replacing("alice", with: "ALICE"))
            #expect(taken.outcome == "409 conflict none")
        }
    }

    @Test func signsUpByInvitation() async throws {
        let served = try await ServedAuthority { $0.signUp = .invite }
        let (_, secret) = try await served.authority.invite(email: "a@example.com", roles: ["editor"])
        try await served.serve { api in
            func signUp(_ name: String, _ more: String) async throws -> Answered {
                try await api.post(
                    "/v1/users", json: #"{"username":"\#(name)","password":"\#(ServedAuthority.password)"\#(more)}"#)
            }
            let invited = #","invitation":"\#(secret.text)""#
            let without = try await signUp("alice", "")
            #expect(without.outcome == "403 forbidden none")
            #expect(without.detail.contains("invitation"))
            #expect(try await signUp("alice", #","invitation":null"#).outcome == "403 forbidden none")
            #expect(try await signUp("alice", #","invitation":"x""#).outcome == "403 forbidden none")
            #expect(try await signUp("alice", #","invitation":1"#).outcome == "400 malformed_request none")
            let other = try await signUp("alice", invited + #","email":"b@example.com""#)
            #expect(other.outcome == "400 malformed_request none")
            let made = try await signUp("alice", invited)
            #expect(made.status == 201)
            let user = try UserDescription(decoding: made.body)
            #expect(user.email == "a@example.com")
            #expect(user.roles == ["editor"])
            let again = try await signUp("eve", invited)
            #expect(again.outcome == "403 forbidden none")
            #expect(again.detail.contains("was used"))
            #expect(try await api.signIn().user.id == user.id)
        }
    }

    @Test func signUpIsClosedByDefault() async throws {
        try await ServedAuthority().serve { api in
            let answer = try await api.post(
                "/v1/users", json: #"{"username":"alice","password":"\#(ServedAuthority.password)"}"#)
            #expect(answer.outcome == "403 forbidden none")
        }
    }

    @Test(arguments: [
        (#"{"username":"","password":"a good password"}"#, "A username has 1 to 128 bytes"),
        (#"{"username":"a\u0000b","password":"a good password"}"#, "control"),
        (#"{"username":"a\nb","password":"a good password"}"#, "control"),
        (#"{"username":"a\u202eb","password":"a good password"}"#, "format"),
        (#"{"username":" a","password":"a good password"}"#, "white space"),
        (#"{"username":"alice","password":"short"}"#, "at least 8 bytes"),
        (#"{"username":"alice","password":"password1"}"#, "common passwords"),
        (#"{"username":"alice-alice","password":"ALICE-alice"}"#, "may not be the username"),
        (#"{"username":"alice","password":"a good\u0000password"}"#, "NUL"),
        (#"{"username":"alice","password":"a good password","email":"nowhere"}"#, "name@example.com"),
        (#"{"username":"alice","password":"a good password","email":"a@b\u0007.org"}"#, "name@example.com"),
    ])
    func anAccountThatCannotBeIsRefused(body: String, words: String) async throws {
        let served = try await ServedAuthority { $0.signUp = .open }
        try await served.serve { api in
            let answer = try await api.post("/v1/users", json: body)
            #expect(answer.outcome == "400 malformed_request none")
            #expect(answer.detail.contains(words), "\(answer.detail)")
        }
        #expect(try await served.authority.users(after: nil, limit: 10).isEmpty)
    }

    @Test func changesThePasswordAndEndsTheOtherSessions() async throws {
        try await ServedAuthority().serveAlice { api in
            let (here, there) = (try await api.signIn(), try await api.signIn())
            func change(from old: String, to new: String) async throws -> Answered {
                try await api.send(
                    .put, "/v1/me/password", as: here.bearer, type: "application/json",
                    body: Array(#"{"password":"\#(old)","newPassword":"\#(new)"}"#.utf8))
            }
            let wrong = try await change(from: "wrong", to: "another good password")
            #expect(wrong.outcome == "401 invalid_credentials none")
            let weak = try await change(from: ServedAuthority.password, to: "short")
            #expect(weak.outcome == "400 malformed_request none")
            #expect(try await api.get("/v1/me", as: there.bearer).status == 200)

            #expect(try await change(from: ServedAuthority.password, to: "another good password").status == 204)
            #expect(try await api.get("/v1/me", as: here.bearer).status == 200)
            #expect(
                try await api.get("/v1/me", as: there.bearer).outcome == "401 token_revoked sign_in password_changed")
            let old = try await api.post(
                "/v1/sessions", json: #"{"username":"alice","password":"\#(ServedAuthority.password)"}"#)
            #expect(old.outcome == "401 invalid_credentials none")
        }
    }
}
