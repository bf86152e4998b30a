import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/users`.
struct AdminUserTests {
    @Test func theListHasPages() async throws {
        try await AdminDoor.serve { door in
            for name in ["bob", "Älva", "alina", "ALBERT", "al+b & co"] {
                try await door.served.addUser(name)
                door.served.clock.advance(by: .milliseconds(1))
            }
            let newest = ["al+b & co", "ALBERT", "alina", "Älva", "bob", "alice", "root"]
            for limit in [1, 2, 3, 7, 1_000] {
                #expect(try await door.list("username", of: "users", limit: limit) == newest)
                #expect(
                    try await door.list("username", of: "users", filter: "AL", limit: limit) == [
                        "al+b & co", "ALBERT", "alice", "alina",
                    ])
            }
            #expect(try await door.list("username", of: "users", filter: "%C3%A4") == ["Älva"])
            #expect(try await door.list("username", of: "users", filter: "nobody") == [])
            // The default is 100.
            #expect(try await door.get("users").json["users"]?.array?.count == 7)
        }
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=x", "limit=-1", "after=x", "after=1", "limit=1&limit=2", "other=1",
        // `bob`, which does not begin like it.
        "filter=al&after=Ym9i", "filter=al&after=!", "filter=al&after=_w",
    ])
    func badParametersAreExplained(query: String) async throws {
        try await AdminDoor.serve { door async throws in
            #expect(try await door.get("users?\(query)").outcome == "400 malformed_request none")
        }
    }

    @Test func oneIsShown() async throws {
        try await AdminDoor.serve { door in
            let alice = try await door.served.authority.existingUser("alice")
            let shown = try await door.get("users/\(alice.id)")
            #expect(shown.body == UserDescription(alice).encoded())
            for unknown in ["01890000-0000-7000-8000-000000000000", "x", "alice"] {
                #expect(try await door.get("users/\(unknown)").outcome == "404 not_found none")
                #expect(try await door.delete("users/\(unknown)").outcome == "404 not_found none")
                #expect(
                    try await door.patch("users/\(unknown)", #"{"disabled":true}"#).outcome == "404 not_found none")
            }
        }
    }

    @Test func anAccountIsMadeAndRemoved() async throws {
        try await AdminDoor.serve { door in
            let added = try await door.post(
                "users",
                #"""
                {"username":"carol","password":"\#(ServedAuthority.password)","email":"carol@example.com",
                "roles":["editor","editor"]}
                """#)
            #expect(added.status == 201)
            let user = try await door.served.authority.existingUser("carol")
            #expect(added.body == UserDescription(user).encoded())
            #expect(user.roles == ["editor"])
            #expect(user.email == "carol@example.com")
            let made = try await door.newestRecord("admin_action")
            #expect(made?["detail"]?.string == "user_added")
            #expect(made?["user"]?.string == "\(user.id)")

            let grant = try await door.api.signIn("carol")
            #expect(try await door.delete("users/\(user.id)").status == 204)
            #expect(try await door.newestRecord("admin_action")?["detail"]?.string == "user_removed")
            #expect(try await door.newestRecord("sessions_ended")?["reason"]?.string == "user_removed")
            #expect(try await door.api.renew(grant.refresh).status == 401)
            #expect(try await door.delete("users/\(user.id)").outcome == "404 not_found none")
        }
    }

    @Test(arguments: [
        ("{}", "400 malformed_request none", "username is missing"),
        (#"{"username":"bob"}"#, "400 malformed_request none", "password is missing"),
        (#"{"username":"bob","password":"password"}"#, "400 malformed_request none", "password"),
        (#"{"username":"bob","password":"short"}"#, "400 malformed_request none", "8"),
        (#"{"username":" bob","password":"a good passphrase"}"#, "400 malformed_request none", "white space"),
        (#"{"username":"bob","password":"a good passphrase","email":"x"}"#, "400 malformed_request none", "e-mail"),
        (#"{"username":"bob","password":"a good passphrase","roles":"x"}"#, "400 malformed_request none", "array"),
        (#"{"username":"bob","password":"a good passphrase","roles":["a b"]}"#, "400 malformed_request none", "role"),
        (#"{"username":"ALICE","password":"a good passphrase"}"#, "409 conflict none", "taken"),
        ("[]", "400 malformed_request none", "object"),
    ])
    func aBadAccountIsNotMade(json: String, outcome: String, words: String) async throws {
        try await AdminDoor.serve { door in
            let answer = try await door.post("users", json)
            #expect(answer.outcome == outcome)
            #expect(answer.detail.contains(words), "\(answer.detail)")
            #expect(try await door.list("username", of: "users") == ["alice", "root"])
        }
    }

    @Test func anAccountIsDisabledAndEnabled() async throws {
        try await AdminDoor.serve { door in
            let grant = try await door.api.signIn()
            let path = "users/\(grant.user.id)"
            let disabled = try await door.patch(path, #"{"disabled":true}"#)
            #expect(disabled.status == 200)
            #expect(try disabled.json["disabled"] == true)
            #expect(try await door.api.renew(grant.refresh).outcome == "401 session_ended sign_in user_disabled")
            #expect(
                try await door.api.get("/v1/me", as: grant.bearer).outcome
                    == "401 token_revoked sign_in user_disabled")
            #expect(try await door.newestRecord("admin_action")?["detail"]?.string == "user_disabled")
            #expect(try await door.newestRecord("sessions_ended")?["reason"]?.string == "user_disabled")

            #expect(try await door.patch(path, #"{"disabled":false}"#).json["disabled"] == false)
            #expect(try await door.newestRecord("admin_action")?["detail"]?.string == "user_enabled")
            _ = try await door.api.signIn()
        }
    }

    @Test func aNewPasswordIsRequired() async throws {
        try await AdminDoor.serve { door in
            let grant = try await door.api.signIn()
            let path = "users/\(grant.user.id)"
            let changed = try await door.patch(path, #"{"passwordChangeRequired":true}"#)
            #expect(changed.status == 200)
            #expect(try changed.json["passwordChangeRequired"] == "password")
            #expect(try changed.json["disabled"] == false)
            #expect(
                try await door.api.renew(grant.refresh).outcome
                    == "401 session_ended sign_in password_change_required")
            #expect(try await door.newestRecord("password_change_required")?["detail"]?.string == "password")
            // Both at once.
            let both = try await door.patch(path, #"{"disabled":true,"passwordChangeRequired":true}"#)
            #expect(try both.json["passwordChangeRequired"] == "password")
            #expect(try both.json["disabled"] == true)
        }
    }

    @Test func nobodyShutsThemselvesOut() async throws {
        try await AdminDoor.serve { door in
            let root = try await door.served.authority.existingUser("root").id
            #expect(
                try await door.patch("users/\(root)", #"{"disabled":true,"passwordChangeRequired":true}"#).outcome
                    == "409 conflict none")
            #expect(try await door.delete("users/\(root)").outcome == "409 conflict none")
            #expect(try await door.served.authority.existingUser("root").requiredProof == nil)
            #expect(try await door.patch("users/\(root)", #"{"disabled":false}"#).status == 200)
        }
    }

    @Test(arguments: [
        "{}", #"{"disabled":1}"#, #"{"disabled":null}"#, #"{"passwordChangeRequired":false}"#,
        #"{"passwordChangeRequired":"mail"}"#, #"{"disabled":true,"passwordChangeRequired":false}"#, "[]", "x",
        #"{"disabled":true,"disabled":true}"#,
    ])
    func aBadChangeChangesNothing(json: String) async throws {
        try await AdminDoor.serve { door in
            let alice = try await door.served.authority.existingUser("alice")
            let answer = try await door.patch("users/\(alice.id)", json)
            #expect(answer.outcome == "400 malformed_request none")
            #expect(try await door.served.authority.existingUser("alice") == alice)
        }
    }
}
