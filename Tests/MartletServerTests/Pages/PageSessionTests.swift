import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// The page cookie, and the session that it belongs to.
struct PageSessionTests {
    @Test func theAPITakesNoPageCookie() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            let browser = Browser(api.client)
            _ = try await browser.signIn("root")
            let cookie = try #require(browser.cookie("__Host-martlet-page"))
            let headers: HTTPFields = [.cookie: "__Host-martlet-page=\(cookie)", .origin: Browser.origin]
            for path in ["/v1/me", "/v1/sessions", "/v1/verify", "/v1/admin/revocations"] {
                #expect(try await api.get(path, headers: headers).outcome == "401 token_missing sign_in")
                #expect(try await api.get(path, as: .bearer(cookie)).status == 401)
            }
            let body = #"{"refreshToken":"\#(cookie)"}"#
            #expect(try await api.post("/v1/sessions/refresh", json: body).status == 401)
        }
    }

    @Test func itDiesWithItsSessionAndSaysWhy() async throws {
        let ends: [(EndReason, @Sendable (ServedAuthority, User) async throws -> Void)] = [
            (.revokedByAdmin, { _ = try await $0.authority.end(.user($1.id, except: nil), .revokedByAdmin) }),
            (.passwordChanged, { try await $0.authority.setPassword(of: $1.username, to: "another good password") }),
            (.userDisabled, { _ = try await $0.authority.setDisabled(true, of: $1.username) }),
            (.userRemoved, { try await $0.authority.removeUser($1.username) }),
            (.expiredIdle, { served, _ in served.clock.advance(by: .seconds(7 * 86_400 + 1)) }),
            (.expiredAbsolute, { served, _ in served.clock.advance(by: .seconds(90 * 86_400 + 1)) }),
        ]
        for (reason, end) in ends {
            let served = try await ServedAuthority()
            let user = try await served.addUser()
            try await served.browse { browser in
                _ = try await browser.signIn()
                let cookie = browser.cookie("__Host-martlet-page")
                try await end(served, user)
                let answer = try await browser.get("/account")
                #expect(answer.location == "/sign-in?over=\(reason.rawValue)", "\(reason)")
                #expect(browser.cookie("__Host-martlet-page") == nil)
                let form = try await browser.get(try #require(answer.location))
                #expect(form.status == 200)
                #expect(form.html.contains("class=\"note\""))
                // Nor does it come back.
                browser.setCookie("__Host-martlet-page", cookie)
                #expect(try await browser.get("/account").status == 303)
            }
        }
    }

    @Test func itStaysTheSameAndIsKeptAliveByUse() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.browse { browser in
            _ = try await browser.signIn()
            let cookie = browser.cookie("__Host-martlet-page")
            for _ in 0..<10 {
                served.clock.advance(by: .seconds(5 * 86_400))
                #expect(try await browser.get("/account").status == 200)
            }
            #expect(browser.cookie("__Host-martlet-page") == cookie)
            let session = try #require(try await served.authority.sessions(of: user.id).first)
            #expect(session.lastSeenAt == served.clock.now)
            #expect(session.lastPresenter.userAgent.contains("Firefox"))
        }
    }

    /// A page of the console that is left open, and fetched anew every few seconds.
    @Test func aPageThatFollowsDoesNotKeepItAlive() async throws {
        let served = try await ServedAuthority()
        let root = try await served.addUser("root", roles: ["admin"])
        let path = "/console/events?live=1"
        try await served.browse { browser in
            _ = try await browser.signIn("root")
            let signedInAt = served.clock.now
            for _ in 0..<7 {
                served.clock.advance(by: .seconds(86_400))
                #expect(try await browser.get(path).status == 200)
            }
            var session = try #require(try await served.authority.sessions(of: root.id).first)
            #expect(session.lastSeenAt == signedInAt)
            // From where it is looked at is known all the same.
            let cookie = try #require(browser.cookie("__Host-martlet-page").flatMap { PageCookie($0) })
            let elsewhere = Presenter(address: "192.0.2.9")
            _ = try await served.authority.visitor(with: cookie, presenter: elsewhere, isUse: false)
            session = try #require(try await served.authority.sessions(of: root.id).first)
            #expect(session.lastSeenAt == signedInAt)
            #expect(session.lastPresenter == elsewhere)
            // A page that somebody asked for is a use.
            #expect(try await browser.get("/console/events?live=1&before=1").status == 200)
            session = try #require(try await served.authority.sessions(of: root.id).first)
            #expect(session.lastSeenAt == served.clock.now)
            for _ in 0..<7 {
                served.clock.advance(by: .seconds(86_400))
                #expect(try await browser.get(path).headers[HTTPField.Name("Refresh")!] == "5")
            }
            served.clock.advance(by: .seconds(1))
            let over = try await browser.get(path)
            #expect(over.location == PagePath.path("/sign-in", [("over", "expired_idle"), ("next", path)]))
            #expect(over.headers[HTTPField.Name("Refresh")!] == nil)
        }
    }

    @Test func whatIsNoCookieOfOursIsNobody() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.browse { browser in
            _ = try await browser.signIn()
            let cookie = try #require(browser.cookie("__Host-martlet-page"))
            let short = String(cookie.dropLast())
            for value in [PageCookie().text, "", "x", cookie + "A", cookie + "=", short, "A" + cookie.dropFirst()] {
                guard value != cookie else { continue }
                browser.setCookie("__Host-martlet-page", value)
                #expect(try await browser.get("/account").status == 303)
            }
            browser.setCookie("__Host-martlet-page", "\(cookie); __Host-martlet-page=\(PageCookie().text)")
            #expect(try await browser.get("/account").status == 303)
        }
    }

    @Test func aCookieIsNeverPrinted() {
        let cookie = PageCookie()
        var dumped = ""
        dump(cookie, to: &dumped)
        for text in ["\(cookie)", String(reflecting: cookie), dumped] { #expect(!text.contains(cookie.text)) }
        #expect(cookie.formToken != cookie.text)
        #expect(PageCookie(cookie.text) == cookie)
        #expect(cookie.isFormToken(cookie.formToken))
        #expect(!cookie.isFormToken(cookie.text))
    }
}
