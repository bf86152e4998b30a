import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct InvitationPageTests {
    private let password = "a good long password"

    @Test(arguments: [SignUpRule.invite, .open]) func theLinkMakesOneAccount(rule: SignUpRule) async throws {
        let served = try await ServedAuthority { $0.signUp = rule }
        try await served.addUser("alice")
        let (_, secret) = try await served.authority.invite(email: "bob@example.com", roles: ["editor"])
        #expect(secret.signUpPath == "/sign-up?invitation=\(secret.text)")
        try await served.browse { browser in
            // Somebody else is signed in on this machine.
            _ = try await browser.signIn("alice")
            let earlier = browser.cookie("__Host-martlet-page")
            let form = try await browser.get(secret.signUpPath)
            #expect(form.status == 200)
            #expect(form.field("invitation") == secret.text)
            #expect(form.field("email") == "bob@example.com")
            #expect(form.html.contains("value=\"bob@example.com\" readonly>"))
            let invited = ["invitation": secret.text, "email": "bob@example.com"]
            for (username, email, password, status, words) in [
                ("bob", "bob@example.com", "short", 400, "at least 8 bytes"),
                ("ALICE", "bob@example.com", password, 409, "taken"),
                ("bob", "eve@example.com", password, 400, "another e-mail address"),
            ] {
                let answer = try await browser.post(
                    "/sign-up",
                    ["invitation": secret.text, "username": username, "email": email, "password": password])
                #expect(answer.status == status)
                #expect(answer.html.contains(words), "\(words)")
                #expect(answer.field("invitation") == secret.text)
            }
            let fields = invited.merging(["username": "bob", "password": password]) { $1 }
            #expect(try await browser.post("/sign-up", fields).location == "/account")
            #expect(try await browser.get("/account").html.contains("bob@example.com"))
            #expect(browser.cookie("__Host-martlet-page") != earlier)

            let again = try await browser.get(secret.signUpPath)
            #expect(again.status == 403)
            #expect(again.html.contains("This invitation does not work"))
            let other = browser.tab()
            other.setCookie("__Host-martlet-page", nil)
            try await other.get("/sign-in")
            let late = try await other.post("/sign-up", fields.merging(["username": "eve"]) { $1 })
            #expect(late.status == 403)
            #expect(late.html.contains("It was used already"))
        }
        #expect(try await served.authority.existingUser("bob").roles == ["editor"])
        await #expect(throws: AuthorityError.self) { try await served.authority.existingUser("eve") }
    }

    @Test func withoutAWorkingLinkThereIsNoForm() async throws {
        let served = try await ServedAuthority { $0.signUp = .invite }
        let (_, secret) = try await served.authority.invite(expiresIn: .seconds(60))
        try await served.browse { browser in
            #expect(try await !browser.get("/sign-in").html.contains("/sign-up"))
            for query in ["", "?invitation="] {
                let needed = try await browser.get("/sign-up\(query)")
                #expect(needed.status == 403)
                #expect(needed.html.contains("Sign-up is by invitation"))
                #expect(needed.field("username") == nil)
            }
            for query in ["?invitation=x", "?invitation=\(PageCookie().text)", "?invitation=\(secret.text)A"] {
                let wrong = try await browser.get("/sign-up\(query)")
                #expect(wrong.status == 403)
                #expect(wrong.html.contains("This invitation does not work"))
                #expect(wrong.field("username") == nil)
            }
            try await browser.get(secret.signUpPath)
            let uninvited = try await browser.post("/sign-up", ["username": "eve", "password": password])
            #expect(uninvited.status == 403)
            #expect(uninvited.html.contains("Sign-up is by invitation"))
            // A form of another site uses no invitation.
            try await browser.get(secret.signUpPath)
            let fields = ["invitation": secret.text, "username": "eve", "password": password]
            for headers: HTTPFields in [[:], [.origin: "https://evil.example"]] {
                #expect(try await browser.post("/sign-up", fields, headers: headers).status == 403)
            }
            #expect(try await browser.get(secret.signUpPath).status == 200)
            served.clock.advance(by: .seconds(60))
            #expect(try await browser.post("/sign-up", fields).status == 403)
            #expect(try await browser.get(secret.signUpPath).status == 403)
        }
        await #expect(throws: AuthorityError.self) { try await served.authority.existingUser("eve") }
    }

    @Test func anAddressIsAskedForWhereTheInvitationHasNone() async throws {
        let served = try await ServedAuthority { $0.signUp = .invite }
        let (_, secret) = try await served.authority.invite()
        try await served.browse { browser in
            let form = try await browser.get(secret.signUpPath)
            #expect(!form.html.contains("readonly"))
            let fields = [
                "invitation": secret.text, "username": "bob", "password": password, "email": "bob@example.org",
            ]
            #expect(try await browser.post("/sign-up", fields).location == "/account")
        }
        #expect(try await served.authority.existingUser("bob").email == "bob@example.org")
    }
}
