import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct AccountPageTests {
    @Test func itShowsWhereTheUserIsSignedIn() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.serve { api in
            _ = try await api.signIn(device: "<b>Alice's phone</b>")
            served.clock.advance(by: .seconds(7_200))
            let browser = Browser(api.client)
            _ = try await browser.signIn()
            let page = try await browser.get("/account")
            #expect(page.html.contains("&lt;b&gt;Alice&#39;s phone&lt;/b&gt;"))
            #expect(page.html.contains("<strong>Firefox on Linux</strong> <span class=\"badge\">this one</span>"))
            #expect(page.html.contains(">2 hours ago</time>"))
            // The one that is looked from has no button of its own beside it, the other has.
            #expect(page.html.matches(of: /\/account\/sessions\/[0-9a-f-]{36}\/end"/).count == 1)

            let action = try #require(page.html.firstMatch(of: /\/account\/sessions\/[0-9a-f-]{36}\/end/))
            let answer = try await browser.post(String(action.0))
            #expect(answer.location == "/account?done=signed-out")
            let after = try await browser.get("/account?done=signed-out")
            #expect(after.html.contains("role=\"status\">It is signed out.<"))
            #expect(!after.html.contains("Alice&#39;s phone"))
            #expect(after.html.contains("You are signed in nowhere else."))
        }
    }

    @Test func everywhereElseIsSignedOut() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.serve { api in
            for _ in 0..<3 { _ = try await api.signIn() }
            let browser = Browser(api.client)
            _ = try await browser.signIn()
            try await browser.get("/account")
            let answer = try await browser.post("/account/sessions/end-others")
            #expect(answer.location == "/account?done=signed-out-others")
            #expect(try await browser.get("/account").status == 200)
        }
        #expect(try await served.authority.sessions(of: user.id).map(\.delivery) == [.page])
    }

    @Test func itTellsWhatHappenedLately() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            _ = try await browser.signIn(password: "wrong")
            _ = try await browser.signIn()
            try await served.authority.events.flush()
            let page = try await browser.get("/account")
            #expect(page.html.contains("<span>Signed in from"))
            #expect(page.html.contains("<span>A sign-in failed"))
        }
    }

    @Test func nobodyEndsAnothersSession() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.addUser("bob")
        try await served.serve { api in
            let other = try await api.signIn("bob")
            let browser = Browser(api.client)
            _ = try await browser.signIn()
            try await browser.get("/account")
            for id in [other.session.id.description, SessionFixture(of: other.user.id).session.id.description, "x"] {
                #expect(try await browser.post("/account/sessions/\(id)/end").status == 404)
                try await browser.get("/account")
            }
            #expect(try await api.get("/v1/me", as: other.bearer).status == 200)
        }
    }

    @Test func thePasswordIsChanged() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.serve { api in
            let other = try await api.signIn()
            let browser = Browser(api.client)
            _ = try await browser.signIn()
            try await browser.get("/account")
            for (old, new, status, words) in [
                ("wrong", "another good password", 401, "The present password is wrong."),
                (ServedAuthority.password, "short", 400, "A password has at least 8 bytes"),
                (ServedAuthority.password, "", 400, "A password has at least 8 bytes"),
            ] {
                let answer = try await browser.post("/account/password", ["password": old, "newPassword": new])
                #expect(answer.status == status)
                #expect(answer.html.contains("role=\"alert\">\(words)"))
            }
            let fields = ["password": ServedAuthority.password, "newPassword": "another good password"]
            #expect(try await browser.post("/account/password", fields).location == "/account?done=password")
            #expect(try await browser.get("/account?done=password").html.contains("The password is changed"))
            #expect(try await api.get("/v1/me", as: other.bearer).outcome.hasPrefix("401 token_revoked"))
        }
    }

    @Test func aHostileNameIsTextOnly() async throws {
        let served = try await ServedAuthority()
        let name = #""><img src=x onerror='alert(1)'>&amp;"#
        try await served.addUser(name, roles: ["admin"])
        try await served.browse { browser in
            _ = try await browser.signIn(name)
            let search = "/console/users?q=%22%3E%3Cimg"
            for path in ["/account", "/console", "/console/users", "/console/sessions", search] {
                let page = try await browser.get(path)
                #expect(page.status == 200)
                #expect(!page.html.contains("<img"))
                #expect(page.html.contains("&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;"))
            }
        }
    }
}
