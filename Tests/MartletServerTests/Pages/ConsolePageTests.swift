import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct ConsolePageTests {
    static let paths = [
        "/console", "/console/users", "/console/sessions", "/console/clients", "/console/keys", "/console/revocations",
        "/console/events",
    ]

    @Test func itIsForAdministrators() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        let root = try await served.addUser("root", roles: ["admin"])
        try await served.browse { browser in
            let session = SessionFixture(of: user.id).session.id
            let pages = Self.paths + ["/console/users/\(root.id)", "/console/sessions/\(session)"]
            for path in pages {
                #expect(try await browser.get(path).location == PagePath.path("/sign-in", [("next", path)]))
            }
            _ = try await browser.signIn()
            #expect(try await !browser.get("/account").html.contains("href=\"/console\""))
            for path in pages { #expect(try await browser.get(path).status == 403) }
            try await browser.get("/account")
            for path in [
                "users/\(root.id)/disable", "users/\(user.id)/end-sessions", "sessions/\(session)/end", "keys/rotate",
            ] {
                #expect(try await browser.post("/console/\(path)", ["kind": "signing"]).status == 403)
                try await browser.get("/account")
            }
        }
        #expect(try await served.authority.user(root.id)?.isDisabled == false)
        #expect(served.authority.keys.schedule(of: .signing).records.count == 1)

        try await served.browse { browser in
            _ = try await browser.signIn("root")
            #expect(try await browser.get("/account").html.contains("href=\"/console\""))
            for path in Self.paths {
                let page = try await browser.get(path)
                #expect(page.status == 200)
                #expect(page.html.contains("href=\"\(path)\" aria-current=\"page\""))
            }
        }
    }

    @Test func theOverviewCounts() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            // Not all at once: those of one millisecond have no order.
            for _ in 0..<7 {
                _ = try await api.signIn()
                served.clock.advance(by: .seconds(1))
            }
            _ = try await served.authority.end(.user(user.id, except: nil), .signedOut)
            served.clock.advance(by: .seconds(2 * 86_400))
            for _ in 0..<3 {
                _ = try await api.signIn()
                served.clock.advance(by: .seconds(1))
            }
            let browser = Browser(api.client)
            _ = try await browser.signIn("root")
            served.clock.advance(by: .seconds(61))
            let page = try await browser.overview()
            for (name, value) in [
                ("Users", 2), ("Live sessions", 4), ("Sign-ins in 24 hours", 4), ("Ends in 24 hours", 0),
            ] {
                #expect(page.html.contains("<span>\(name)</span> <strong>\(value)</strong>"), "\(name)")
            }
            for label in [
                "Sign-ins: 11 in 14 days, at most 7 in one day", "Ended sessions: 7 in 14 days, at most 7 in one day",
                "Live sessions: 4 now, at most 4 at the end of a day", "Renewals: none in 14 days",
                "Repeats for 100 renewals: no renewal in 14 days", "Refused renewals: none in 14 days",
                "Failed sign-ins: none in 14 days", "Replays: none in 14 days",
            ] {
                #expect(page.html.contains("aria-label=\"\(label)\""), "\(label)")
            }
            // They are counted once a minute, whoever looks.
            _ = try await api.signIn()
            #expect(try await browser.overview().html.contains("<span>Live sessions</span> <strong>4</strong>"))
            served.clock.advance(by: .seconds(700))
            #expect(try await browser.overview().html.contains("<span>Live sessions</span> <strong>5</strong>"))
        }
    }

    @Test func theOverviewCountsWhatRenewalsBrought() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            let first = try await api.signIn()
            served.clock.advance(by: .seconds(3_600))
            let second = try await Grant(decoding: api.renew(first.refresh).body)
            _ = try await api.renew(first.refresh)
            served.clock.advance(by: .seconds(3_600))
            _ = try await api.renew(second.refresh)
            served.clock.advance(by: .seconds(3_600))
            // Used twice over, and then by whoever has no idea that it is over.
            for _ in 0..<2 { _ = try? await api.renew(first.refresh) }
            let browser = Browser(api.client)
            _ = try await browser.signIn("root", password: "wrong")
            _ = try await browser.signIn("root")
            try await served.authority.events.flush()
            // An hour that begins at this very moment is of the time to come.
            served.clock.advance(by: .seconds(1))
            let page = try await browser.overview()
            for label in [
                "Renewals: 2 in 14 days, at most 2 in one day",
                "Repeats for 100 renewals: 1 for 2 renewals in 14 days",
                "Refused renewals: 1 in 14 days, at most 1 in one day",
                "Failed sign-ins: 1 in 14 days, at most 1 in one day", "Replays: 1 in 14 days, at most 1 in one day",
            ] {
                #expect(page.html.contains("aria-label=\"\(label)\""), "\(label)")
            }
            #expect(page.html.contains("Renewals are recorded every ten minutes"))
        }
    }

    @Test func usersAreFoundPagedAndOrdered() async throws {
        let served = try await ServedAuthority()
        for number in 0..<120 {
            try await served.storage.insert(Fixtures.user("user\(1_000 + number)"))
        }
        try await served.addUser("root", roles: ["admin"])
        try await served.browse { browser in
            _ = try await browser.signIn("root")
            for start in ["/console/users", "/console/users?order=name", "/console/users?q=user1"] {
                var names: [String] = []
                var path: String? = start
                while let next = path {
                    let page = try await browser.get(next)
                    let shown = page.html.matches(
                        of: /<th scope="row" role="rowheader"><a href="\/console\/users\/[0-9a-f-]*">([^<]*)</)
                    #expect(shown.count <= 50)
                    names += shown.map { String($0.1) }
                    let link = page.html.firstMatch(of: /rel="next" href="([^"]*)"/)
                    path = link.map { String($0.1).replacing("&amp;", with: "&") }
                }
                #expect(Set(names).count == names.count)
                #expect(names.count == (start.contains("q=") ? 120 : 121))
                if start != "/console/users" { #expect(names == names.sorted { $0.lowercased() < $1.lowercased() }) }
            }
            let none = try await browser.get("/console/users?q=nobody")
            #expect(none.html.contains("No user is found."))
        }
    }

    @Test func aUserIsDisabledAndEnabled() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        let root = try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            _ = try await api.signIn()
            let browser = Browser(api.client)
            _ = try await browser.signIn("root")
            let path = "/console/users/\(user.id)"
            try await browser.get(path)
            #expect(try await browser.post("\(path)/end-sessions").location == "\(path)?done=ended")
            #expect(try await served.authority.sessions(of: user.id).isEmpty)
            _ = try await api.signIn()
            #expect(try await browser.post("\(path)/disable").location == "\(path)?done=disabled")
            let page = try await browser.get("\(path)?done=disabled")
            #expect(page.html.contains("The user is disabled and signed out everywhere."))
            #expect(page.html.contains("badge bad\">user_disabled<"))
            #expect(page.html.contains("badge bad\">revoked_by_admin<"))
            #expect(try await served.authority.sessions(of: user.id).isEmpty)
            #expect(try await browser.post("\(path)/enable").location == "\(path)?done=enabled")
            _ = try await api.signIn()

            // Nobody locks out the last one by accident.
            let own = try await browser.get("/console/users/\(root.id)")
            #expect(!own.html.contains("/disable\""))
            #expect(try await browser.post("/console/users/\(root.id)/disable").status == 409)
            #expect(try await browser.get("/console/users/\(SessionFixture(of: user.id).session.id)").status == 404)
            #expect(try await browser.get("/console/users/x").status == 404)
        }
        #expect(try await served.authority.user(root.id)?.isDisabled == false)
    }

    @Test func sessionsAreListedByStateAndUser() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            for number in 0..<60 {
                let grant = try await api.signIn(device: "device\(number)")
                if number % 2 == 0 { _ = try await served.authority.end(.session(grant.session.id), .signedOut) }
                served.clock.advance(by: .seconds(1))
            }
            let browser = Browser(api.client)
            _ = try await browser.signIn("root")
            for (query, count) in [
                ("", 31), ("?state=ended", 30), ("?state=all", 61), ("?user=ALICE", 30),
                ("?user=alice&state=ended", 30),
                ("?user=alice&state=all", 60), ("?user=ali", 0), ("?user=nobody&state=all", 0), ("?state=what", 31),
                ("?before=x", 31),
            ] {
                var devices: [String] = []
                var path: String? = "/console/sessions" + query
                while let next = path {
                    let page = try await browser.get(next)
                    let rows = page.html.matches(
                        of: /<th scope="row" role="rowheader"><a href="\/console\/sessions\/[0-9a-f-]*">([^<]*)</)
                    devices += rows.map { String($0.1) }
                    let link = page.html.firstMatch(of: /rel="next" href="([^"]*)"/)
                    path = link.map { String($0.1).replacing("&amp;", with: "&") }
                }
                #expect(devices.count == count, "\(query)")
                #expect(Set(devices).count == devices.count, "\(query)")
            }
            #expect(user.username == "alice")
        }
    }

    @Test func eventsAreListedByKindAndUser() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            for _ in 0..<60 { _ = try await api.signIn() }
            let browser = Browser(api.client)
            _ = try await browser.signIn("root")
            try await browser.get("/console/users/\(user.id)")
            _ = try await browser.post("/console/users/\(user.id)/disable")
            try await served.authority.events.flush()
            let rows = #/<th scope="row"/#
            let page = try await browser.get("/console/events")
            #expect(page.html.matches(of: rows).count == 50)
            #expect(page.html.contains("The account was disabled by the administrator"))
            #expect(page.headers[HTTPField.Name("Refresh")!] == nil)
            let link = try #require(page.html.firstMatch(of: #/rel="next" href="([^"]*)"/#)).1
            let next = try await browser.get(String(link).replacing("&amp;", with: "&"))
            #expect(!next.html.matches(of: rows).isEmpty)
            for (query, count) in [("kind=admin_action&user=alice", 2), ("user=nobody", 0), ("kind=replay", 0)] {
                let found = try await browser.get("/console/events?\(query)")
                #expect(found.html.matches(of: rows).count == count, "\(query)")
            }
            #expect(try await browser.get("/console/events?live=1").headers[HTTPField.Name("Refresh")!] == "5")
        }
    }

    @Test func aSessionHasItsStoryAndIsEnded() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        let root = try await served.addUser("root", roles: ["admin"])
        try await served.serve { api in
            let grant = try await api.signIn(device: "phone")
            served.clock.advance(by: .seconds(60))
            _ = try await api.renew(grant.refresh)
            let browser = Browser(api.client)
            _ = try await browser.signIn("root")
            let path = "/console/sessions/\(grant.session.id)"
            try await served.authority.events.flush()
            let page = try await browser.get(path)
            #expect(page.html.contains("The session goes on; nobody was signed out."))
            #expect(page.html.contains("Renewed once, this being the last time."))
            #expect(page.html.contains("tokens in the answer"))
            #expect(page.html.contains("Ends if unused"))
            #expect(try await browser.post("\(path)/end").location == "\(path)?done=ended")
            try await served.authority.events.flush()
            let after = try await browser.get("\(path)?done=ended")
            #expect(after.html.contains("The administrator \(root.id) ended the session"))
            #expect(!after.html.contains("\(path)/end\""))
            #expect(try await api.get("/v1/me", as: grant.bearer).status == 401)
            #expect(try await browser.get("/console/revocations").html.contains(grant.session.id.description))
        }
    }

    @Test func aKeyIsRotated() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("root", roles: ["admin"])
        try await served.browse { browser in
            _ = try await browser.signIn("root")
            let page = try await browser.get("/console/keys")
            let old = try #require(served.authority.keys.schedule(of: .signing).records.first)
            #expect(page.html.contains("<code>\(old.id)</code>"))
            #expect(
                try await browser.post("/console/keys/rotate", ["kind": "signing"]).location
                    == "/console/keys?done=rotated")
            #expect(served.authority.keys.schedule(of: .signing).records.count == 2)
            let after = try await browser.get("/console/keys?done=rotated")
            #expect(after.html.contains("published, not used yet"))
            #expect(try await browser.post("/console/keys/rotate", ["kind": "other"]).status == 400)
        }
    }

    @Test func revocationsArePaged() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.addUser("root", roles: ["admin"])
        for _ in 0..<60 {
            let session = SessionFixture(of: user.id, at: served.clock.now).session
            _ = try await served.storage.insert(session, userVersion: user.securityVersion)
            try await served.authority.end(.session(session.id), .signedOut)
        }
        try await served.browse { browser in
            _ = try await browser.signIn("root")
            let page = try await browser.get("/console/revocations")
            #expect(page.html.matches(of: /<th scope="row"/).count == 50)
            let next = try await browser.get("/console/revocations?before=11")
            #expect(next.html.matches(of: /<th scope="row"/).count == 10)
        }
    }

    /// Whatever is typed there, or stands in a link from elsewhere.
    @Test(arguments: ["\(Int64.min)", "-1", "0", "\(Int64.max)", "9223372036854775808", "x", "%00", "%F0%9F%90%A6", ""])
    func aPlaceThatIsNoneLeadsToSomePage(place: String) async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser("root", roles: ["admin"])
        let session = SessionFixture(of: user.id, at: served.clock.now).session
        _ = try await served.storage.insert(session, userVersion: user.securityVersion)
        try await served.authority.end(.session(session.id), .signedOut)
        try await served.browse { browser in
            _ = try await browser.signIn("root")
            for path in Self.paths {
                for name in ["before", "after"] {
                    #expect(try await browser.get("\(path)?\(name)=\(place)").status == 200, "\(path) \(name)")
                }
            }
        }
    }
}
