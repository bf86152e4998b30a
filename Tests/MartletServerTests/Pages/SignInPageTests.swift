import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct SignInPageTests {
    @Test func signingInLeadsToTheAccountAndOutAgain() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            #expect(try await browser.get("/").location == "/account")
            let refused = try await browser.get("/account")
            #expect(refused.status == 303)
            #expect(refused.location == "/sign-in")

            let answer = try await browser.signIn()
            #expect(answer.status == 303)
            #expect(answer.location == "/account")
            #expect(browser.cookie("__Host-martlet-page")?.count == 43)
            #expect(try await browser.get("/account").status == 200)
            // Who is signed in has nothing to do there.
            #expect(try await browser.get("/sign-in").location == "/account")

            let out = try await browser.tab().get("/account")
            let left = try await browser.post("/sign-out", token: out.field("token"))
            #expect(left.location == "/signed-out")
            #expect(browser.cookie("__Host-martlet-page") == nil)
            #expect(try await browser.get("/signed-out").html.contains("You are signed out"))
            #expect(try await browser.get("/account").location == "/sign-in")
        }
        let sessions = try await served.authority.sessions(of: nil, includingEnded: true, before: nil, limit: 10)
        #expect(sessions.map(\.end?.reason) == [.signedOut])
        #expect(sessions.map(\.delivery) == [.page])
    }

    @Test func wrongCredentialsAreAllTheSame() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.addUser("bob")
        _ = try await served.authority.setDisabled(true, of: "bob")
        try await served.browse { browser in
            for (username, password) in [
                ("alice", "wrong"), ("nobody", ServedAuthority.password), ("bob", ServedAuthority.password),
                ("alice", ""),
                ("", "x"), ("alice\n", "x"),
            ] {
                let answer = try await browser.signIn(username, password: password)
                #expect(answer.status == 401)
                #expect(answer.html.contains("role=\"alert\">The username or the password is wrong.<"))
                #expect(browser.cookie("__Host-martlet-page") == nil)
            }
            // What was typed is there still, but for the password.
            let answer = try await browser.signIn("\"><script>alert(1)</script>", password: "hunter2secret")
            #expect(answer.html.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""))
            #expect(!answer.html.contains("hunter2secret"))
        }
    }

    @Test(
        arguments: [
            [.origin: "https://evil.example", .secFetchSite: "cross-site"], [.origin: "https://evil.example"],
            [.origin: "null"], [.secFetchSite: "cross-site"], [.secFetchSite: "same-site"], [.secFetchSite: "none"],
            [:],
            [.origin: ServedAuthority.issuer, .secFetchSite: "cross-site"],
            [.origin: "https://auth.example.com.evil.example"],
            [.origin: "https://auth.example.co"], [.origin: "http://auth.example.com"],
        ] as [HTTPFields])
    func aFormOfAnotherSiteIsRefused(headers: HTTPFields) async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            try await browser.get("/sign-in")
            let fields = ["username": "alice", "password": ServedAuthority.password]
            #expect(try await browser.post("/sign-in", fields, headers: headers).status == 403)
            #expect(browser.cookie("__Host-martlet-page") == nil)

            _ = try await browser.signIn()
            try await browser.get("/account")
            #expect(try await browser.post("/sign-out", headers: headers).status == 403)
            let change = ["password": ServedAuthority.password, "newPassword": "another good password"]
            #expect(try await browser.post("/account/password", change, headers: headers).status == 403)
            #expect(try await browser.post("/account/sessions/end-others", headers: headers).status == 403)
            // Another site's form comes without the cookie, which its answer must not take away.
            let cookie = browser.cookie("__Host-martlet-page")
            browser.setCookie("__Host-martlet-page", nil)
            let answer = try await browser.post("/sign-out", headers: headers)
            #expect(answer.status == 403)
            #expect(!answer.headers[values: .setCookie].contains { $0.hasPrefix("__Host-martlet-page") })
            browser.setCookie("__Host-martlet-page", cookie)
            #expect(try await browser.get("/account").status == 200)
        }
        let sessions = try await served.authority.sessions(of: nil, includingEnded: true, before: nil, limit: 10)
        #expect(sessions.count == 1)
    }

    /// `https://127.0.0.1:8443` shows the same pages, and its forms do nothing; the page says so, and where to go.
    @Test func aPageUnderAnotherNameLeadsToTheIssuers() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            let fields = ["username": "alice", "password": ServedAuthority.password]
            let other = "https://127.0.0.1:8443"
            for (referrer, path) in [
                ("\(other)/sign-in?next=/console", "/sign-in?next=/console"), (nil, "/account"),
                ("https://evil.example/x", "/account"), ("\(other).evil.example/x", "/account"),
            ] {
                try await browser.get("/sign-in")
                var headers: HTTPFields = [.origin: other, .secFetchSite: "same-origin"]
                headers[HTTPField.Name("Referer")!] = referrer
                let answer = try await browser.post("/sign-in", fields, headers: headers)
                #expect(answer.status == 403)
                #expect(answer.html.contains("href=\"\(ServedAuthority.issuer)\(path)\""))
                #expect(answer.html.contains("You opened this page as \(other),"))
                #expect(browser.cookie("__Host-martlet-page") == nil)
            }
            // A form of somebody else's is none of a person's who is lost.
            for site in ["same-site", "cross-site"] {
                try await browser.get("/sign-in")
                let answer = try await browser.post(
                    "/sign-in", fields, headers: [.origin: other, .secFetchSite: site])
                #expect(answer.html.contains("This form was not sent from a page of this server"))
            }
        }
    }

    @Test func aFormNeedsTheTokenOfItsCookie() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            let fields = ["username": "alice", "password": ServedAuthority.password]
            let first = try await browser.get("/sign-in")
            for token in ["", "x", PageCookie().formToken, String(repeating: "A", count: 43)] {
                #expect(try await browser.post("/sign-in", fields, token: token).status == 403)
            }
            // Somebody else's page has a token of somebody else's cookie.
            let attacker = try await served.browse { try await $0.get("/sign-in").field("token") }
            #expect(try await browser.post("/sign-in", fields, token: attacker).status == 403)
            let cookie = browser.cookie("__Host-martlet-visit")
            browser.setCookie("__Host-martlet-visit", nil)
            #expect(try await browser.post("/sign-in", fields, token: first.field("token")).status == 403)
            browser.setCookie("__Host-martlet-visit", cookie)
            #expect(try await browser.post("/sign-in", fields, token: first.field("token")).status == 303)

            // The token of the sign-in is none for the session.
            for token in ["", first.field("token") ?? "", PageCookie().formToken] {
                #expect(try await browser.post("/sign-out", token: token).status == 403)
            }
            #expect(try await browser.get("/account").status == 200)
        }
    }

    @Test func tabsShareTheirTokens() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            try await browser.get("/sign-in")
            let tab = browser.tab()
            try await tab.get("/sign-in")
            #expect(tab.cookie("__Host-martlet-visit") == browser.cookie("__Host-martlet-visit"))
            let fields = ["username": "alice", "password": ServedAuthority.password]
            #expect(try await browser.post("/sign-in", fields).status == 303)
        }
    }

    @Test func formsAreForms() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            try await browser.get("/sign-in")
            let json: HTTPFields = [.origin: Browser.origin, .contentType: "application/json"]
            #expect(try await browser.post("/sign-in", headers: json).status == 415)
            let long = ["username": String(repeating: "x", count: 70_000)]
            #expect(try await browser.post("/sign-in", long).status == 413)
            #expect(try await browser.get("/sign-out").status == 405)
        }
    }

    @Test(arguments: [
        ("/console/users?q=al", "/console/users?q=al"), ("/account?done=password", "/account?done=password"),
        ("https://evil.example", "/account"), ("//evil.example", "/account"), ("/\\evil.example", "/account"),
        ("/accounts", "/account"), ("/account\r\nSet-Cookie: a=b", "/account"), ("/v1/me", "/account"),
        ("/console/../v1", "/account"), ("/console/%2e%2e/v1", "/account"),
    ])
    func theSignInGoesOnToPagesOfOursOnly(next: String, expected: String) async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            let answer = try await browser.signIn(next: next)
            #expect(answer.location == expected)
        }
    }

    @Test func thePageThatWasAskedForComesAfterTheSignIn() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("root", roles: ["admin"])
        try await served.browse { browser in
            let path = "/console/users?q=%3Cb%3E&order=name"
            let answer = try await browser.get(path)
            #expect(answer.status == 303)
            let form = try await browser.get(try #require(answer.location))
            #expect(form.html.contains("Sign in to go on."))
            let fields = ["username": "root", "password": ServedAuthority.password]
            var next = try #require(form.field("next"))
            next = next.replacing("&amp;", with: "&")
            let signedIn = try await browser.post("/sign-in", fields.merging(["next": next]) { $1 })
            #expect(signedIn.location == path)
        }
    }

    @Test(arguments: [true, false])
    func signUpIsThereWhereItIsOpen(isOpen: Bool) async throws {
        let served = try await ServedAuthority { $0.signUp = isOpen ? .open : .closed }
        try await served.browse { browser in
            guard isOpen else {
                #expect(try await browser.get("/sign-up").status == 404)
                #expect(try await !browser.get("/sign-in").html.contains("/sign-up"))
                try await browser.get("/sign-in")
                return #expect(
                    try await browser.post("/sign-up", ["username": "a", "password": "long enough one"]).status == 404)
            }
            #expect(try await browser.get("/sign-in").html.contains("href=\"/sign-up\""))
            try await browser.get("/sign-up")
            for (username, password, status, words) in [
                ("alice", "short", 400, "A password has at least 8 bytes"),
                ("", "a good long password", 400, "username"),
                ("alice", "password", 400, "list of common passwords"),
            ] {
                let answer = try await browser.post("/sign-up", ["username": username, "password": password])
                #expect(answer.status == status)
                #expect(answer.html.contains(words))
            }
            let fields = ["username": "alice", "password": "a good long password", "email": "alice@example.com"]
            let answer = try await browser.post("/sign-up", fields)
            #expect(answer.location == "/account")
            #expect(try await browser.get("/account").html.contains("alice@example.com"))
            let other = browser.tab()
            other.setCookie("__Host-martlet-page", nil)
            try await other.get("/sign-up")
            let taken = try await other.post("/sign-up", fields)
            #expect(taken.status == 409)
            #expect(taken.html.contains("The username is taken"))
        }
    }

    @Test func anOutageSignsNobodyOut() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            _ = try await browser.signIn()
            let cookie = browser.cookie("__Host-martlet-page")
            served.storage.fail(with: StorageError(.unavailable, detail: "away"))
            let answer = try await browser.get("/account")
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(answer.html.contains("You are not signed out"))
            #expect(browser.cookie("__Host-martlet-page") == cookie)
            served.storage.fail(with: nil)
            #expect(try await browser.get("/account").status == 200)
        }
    }
}
