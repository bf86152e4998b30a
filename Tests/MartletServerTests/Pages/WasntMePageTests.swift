import HTTPTypes
import HummingbirdTesting
import MartletCore
import MartletProtocol
import MartletTestKit
import NIOCore
import Testing

@testable import MartletServer

/// The page that links in mails lead to.
struct WasntMePageTests {
    private static let new = "another good password"

    /// A server with alice, whose sign-in is what the link is about.
    private func linked() async throws -> (served: ServedAuthority, user: User, path: String) {
        let served = try await ServedAuthority()
        let user = try await served.authority.addUser(
            username: "alice", password: ServedAuthority.password, email: "alice@example.org", roles: [])
        try await served.serve { api in _ = try await api.signIn() }
        try await served.authority.events.flush()
        let event = try #require(
            try await served.authority.recordedEvents(EventQuery(limit: 1, user: user.id, kinds: [.signIn])).first)
        let secret = served.authority.secret(
            of: SecurityLink(user: user.id, event: event.number, happenedAt: event.record.at))
        served.clock.advance(by: .seconds(60))
        return (served, user, "/wasnt-me?link=\(secret)")
    }

    private func secret(_ path: String) -> String { String(path.split(separator: "=")[1]) }

    @Test func aMailScannerChangesNothing() async throws {
        let (served, user, path) = try await linked()
        let before = try await served.authority.user(user.id)
        try await served.browse { browser in
            for _ in 0..<3 {
                let page = try await browser.get(path)
                #expect(page.status == 200)
                #expect(page.html.contains("<h1>Was this you?</h1>"))
                #expect(page.html.contains("Signed in"))
                #expect(page.html.contains("nothing has been changed"))
                #expect(page.html.contains("<button class=\"danger\">This wasn&#39;t me</button>"))
            }
            // Some follow links with HEAD, and some send the forms that they find, without a browser's fields.
            let form = ["link": secret(path)]
            for headers: HTTPFields in [
                [:], [.origin: "https://scanner.example", .secFetchSite: "cross-site"], [.secFetchSite: "same-origin"],
            ] {
                #expect(try await browser.post("/wasnt-me", form, headers: headers).status == 403)
            }
            try await browser.get(path)
            #expect(try await browser.post("/wasnt-me", form, token: "").status == 403)
            #expect(try await browser.get("/wasnt-me/password").status == 405)
        }
        try await served.serve { api in
            let head = try await api.client.execute(uri: path, method: .head, headers: [:], body: nil)
            #expect(head.status == .ok && head.body.readableBytes == 0)
        }
        #expect(try await served.authority.user(user.id) == before)
        #expect(try await served.authority.sessions(of: user.id).count == 1)
    }

    @Test func theButtonSignsOutAndTheOwnerGoesOn() async throws {
        let (served, user, path) = try await linked()
        try await served.serve { api in
            let thief = try await api.signIn()
            let browser = Browser(api.client)
            // As the owner has it: signed in here, and about to lose that, too.
            _ = try await browser.signIn()
            try await browser.get(path)
            let pressed = try await browser.post("/wasnt-me", ["link": secret(path)])
            #expect(pressed.status == 303)
            #expect(pressed.location == path)
            #expect(try await api.get("/v1/me", as: thief.bearer).outcome.hasPrefix("401 token_revoked"))
            #expect(try await api.renew(thief.refresh).text.contains("\"reason\":\"password_change_required\""))
            #expect(
                try await browser.get("/account").location?.hasPrefix("/sign-in?over=password_change_required") == true)
            #expect(
                try await browser.get("/sign-in?over=password_change_required").html.contains("needs a new password"))

            let page = try await browser.get(path)
            #expect(page.html.contains("<h1>Choose a new password</h1>"))
            for (password, words) in [
                (ServedAuthority.password, "another than the present one"), ("short", "at least 8 bytes"),
            ] {
                let refused = try await browser.post(
                    "/wasnt-me/password", ["link": secret(path), "newPassword": password])
                #expect(refused.status == 400)
                #expect(refused.html.contains("role=\"alert\">") && refused.html.contains(words))
            }
            let fields = ["link": secret(path), "newPassword": Self.new]
            #expect(try await browser.post("/wasnt-me/password", fields).location == path)
            for _ in 0..<2 {
                let done = try await browser.get(path)
                #expect(done.status == 200)
                #expect(done.html.contains("<h1>The password was changed</h1>"))
                #expect(!done.html.contains("<form"))
            }
            #expect(try await browser.signIn(password: Self.new).location == "/account")
            // Sent again, as by a reload of an old page, it shows that it is done.
            let again = try await browser.post("/wasnt-me/password", fields, token: nil)
            #expect(again.status == 409)
            #expect(again.html.contains("<h1>The password was changed</h1>"))
            #expect(try await browser.get(path).html.contains("<h1>The password was changed</h1>"))
            #expect(try await browser.get("/account").status == 200)
        }
        #expect(try await served.authority.user(user.id)?.requiredProof == nil)
    }

    @Test func theThiefKnowsThePasswordAndGetsNowhere() async throws {
        let (served, _, path) = try await linked()
        try await served.browse { browser in
            try await browser.get(path)
            _ = try await browser.post("/wasnt-me", ["link": secret(path)])
            let thief = browser.tab()
            thief.setCookie("__Host-martlet-visit", nil)
            let told = try await thief.signIn()
            #expect(told.status == 403)
            #expect(told.html.contains("by the link in the mail"))
            #expect(!told.html.contains("@example.org") && !told.html.contains("newPassword"))
            #expect(try await thief.signIn(password: "wrong").status == 401)
            try await thief.get("/sign-in")
            let tried = try await thief.post(
                "/new-password", ["username": "alice", "password": ServedAuthority.password, "newPassword": Self.new])
            #expect(tried.status == 403)
            #expect(tried.html.contains("by the link in the mail"))
        }
    }

    @Test func linksThatDoNotWorkAreAllTheSame() async throws {
        let (served, _, path) = try await linked()
        let genuine = secret(path)
        let flipped = String(genuine.dropFirst()) + "A"
        let foreign = try await ServedAuthority().authority.secret(
            of: SecurityLink(user: Fixtures.userID(), event: 1, happenedAt: served.clock.now))
        let nobody = served.authority.secret(
            of: SecurityLink(user: Fixtures.userID(), event: 1, happenedAt: served.clock.now))
        let old = served.authority.secret(
            of: SecurityLink(
                user: Fixtures.userID(), event: 1, happenedAt: served.clock.now - SecurityLink.lifetime))
        try await served.browse { browser in
            var pages: Set<String> = []
            for bad in ["", "x", flipped, foreign, nobody, old] {
                let page = try await browser.get("/wasnt-me?link=\(bad)")
                #expect(page.status == 403)
                pages.insert(page.html)
                try await browser.get(path)
                for target in ["/wasnt-me", "/wasnt-me/password"] {
                    let answer = try await browser.post(target, ["link": bad, "newPassword": Self.new])
                    #expect(answer.status == 403)
                    pages.insert(answer.html)
                    try await browser.get(path)
                }
            }
            #expect(pages.count == 1)
            #expect(pages.first?.contains("<h1>This link does not work</h1>") == true)
            #expect(try await browser.get("/wasnt-me").status == 403)
        }
    }

    // MARK: An administrator's wish

    @Test func aNewPasswordIsChosenAfterTheSignIn() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        _ = try await served.authority.requireNewPassword(of: "alice", by: .password)
        try await served.browse { browser in
            let told = try await browser.signIn(next: "/account?done=password")
            #expect(told.status == 403)
            #expect(told.html.contains("<h1>Choose a new password</h1>"))
            #expect(told.field("username") == "alice")
            #expect(!told.html.contains(ServedAuthority.password))
            #expect(browser.cookie("__Host-martlet-page") == nil)
            for (old, new, status, words) in [
                ("wrong", Self.new, 401, "The username or the password is wrong."),
                (ServedAuthority.password, ServedAuthority.password, 400, "another than the present one"),
                (ServedAuthority.password, "", 400, "at least 8 bytes"),
            ] {
                let answer = try await browser.post(
                    "/new-password", ["username": "alice", "password": old, "newPassword": new])
                #expect(answer.status == status)
                #expect(answer.html.contains(words))
            }
            let done = try await browser.post(
                "/new-password",
                [
                    "username": "alice", "password": ServedAuthority.password, "newPassword": Self.new,
                    "next": "/account?done=password",
                ])
            #expect(done.location == "/account?done=password")
            #expect(try await browser.get("/account").status == 200)
            #expect(try await browser.get("/new-password").location == "/sign-in")
        }
    }

    @Test func theConsoleRequiresOne() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("root", roles: ["admin"])
        let alice = try await served.addUser()
        try await served.browse { browser in
            _ = try await browser.signIn("root")
            try await browser.get("/console/users/\(alice.id)")
            let answer = try await browser.post("/console/users/\(alice.id)/require-password")
            #expect(answer.location == "/console/users/\(alice.id)?done=password")
            let page = try await browser.get("/console/users/\(alice.id)?done=password")
            #expect(page.html.contains("needs a new password"))
        }
        #expect(try await served.authority.user(alice.id)?.requiredProof == .password)
    }

    // MARK: Over the API

    @Test func theSignInTakesTheNewPassword() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        _ = try await served.authority.requireNewPassword(of: "alice", by: .password)
        try await served.serve { api in
            func signIn(_ password: String, _ new: String?) async throws -> Answered {
                let member = new.map { #","newPassword":"\#($0)""# } ?? ""
                return try await api.post(
                    "/v1/sessions", json: #"{"username":"alice","password":"\#(password)"\#(member)}"#)
            }
            let told = try await signIn(ServedAuthority.password, nil)
            #expect(told.outcome.hasPrefix("403 password_change_required"))
            #expect(told.text.contains("\"next\":\"step_up\"") && told.text.contains("newPassword"))
            #expect(told.text.contains("\"passwordChangeRequired\":\"password\""))
            #expect(try await signIn("wrong", Self.new).outcome.hasPrefix("401 invalid_credentials"))
            #expect(try await signIn(ServedAuthority.password, ServedAuthority.password).status == 400)
            #expect(try await signIn(ServedAuthority.password, Self.new).status == 201)
            #expect(try await signIn(ServedAuthority.password, nil).status == 401)
            #expect(try await signIn(Self.new, nil).status == 201)
            #expect(try await signIn(Self.new, "a third password").status == 400)
        }
    }
}
