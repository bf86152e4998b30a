import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// Cookie delivery: who may use cookies, what they look like, and when they go.
struct CookieRouteTests {
    private static let attributes = "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="
    private static let cleared = "__Host-martlet-refresh=\(attributes)0"

    // MARK: The life of a session

    @Test func theCookieCarriesTheTokenForTheWholeLife() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let signIn = try await api.cookieSignIn()
            #expect(signIn.status == 201)
            let first = signIn.cookie
            #expect(signIn.setCookies == [first + Self.attributes + "604800"])
            #expect(first.wholeMatch(of: /__Host-martlet-refresh=mrt_[A-Za-z0-9_-]{112}/) != nil)
            #expect(!signIn.text.contains("mrt_"))
            #expect(try Grant(decoding: signIn.body).refreshToken == nil)

            served.clock.advance(by: .seconds(1_700))
            let renewal = try await api.cookieRenewal(Page().with("theme=dark; \(first)"))
            #expect(renewal.status == 200)
            #expect(renewal.setCookies == [renewal.cookie + Self.attributes + "604800"])
            #expect(renewal.cookie != first)
            #expect(!renewal.text.contains("mrt_"))
            // HTTP/2 may send each cookie in a field of its own.
            let next = try await api.cookieRenewal(Page().with("theme=dark", renewal.cookie))
            #expect(next.status == 200)

            // The last days before the absolute limit: the cookie lives no longer than the token.
            var page = Page().with(next.cookie)
            for _ in 0..<14 {
                served.clock.advance(by: .seconds(6 * 86_400))
                page = Page().with(try await api.cookieRenewal(page).cookie)
            }
            let last = try await api.cookieRenewal(page)
            #expect(last.setCookies == [last.cookie + Self.attributes + "\(6 * 86_400 - 1_700)"])
        }
    }

    @Test func anotherClientHasACookieOfItsOwn() async throws {
        let served = try await ServedAuthority()
        try await served.addClient("web.app_2", isPublic: true)
        try await served.serveAlice { api in
            let mine = try await api.cookieSignIn()
            let theirs = try await api.cookieSignIn(client: "web.app_2")
            #expect(theirs.cookie.hasPrefix("__Host-martlet-refresh-web.app_2=mrt_"))
            let both = Page().with("\(mine.cookie); \(theirs.cookie)")
            let renewal = try await api.cookieRenewal(both, #"{"client":"web.app_2"}"#)
            #expect(renewal.cookie.hasPrefix("__Host-martlet-refresh-web.app_2=mrt_"))
            #expect(try Grant(decoding: renewal.body).session.id == Grant(decoding: theirs.body).session.id)
            let own = try await api.cookieRenewal(both)
            #expect(try Grant(decoding: own.body).session.id == Grant(decoding: mine.body).session.id)
            // A token in another client's cookie is nobody's, and the session goes on.
            let moved = mine.cookie.replacing("refresh=", with: "refresh-web.app_2=")
            let refused = try await api.cookieRenewal(Page().with(moved), #"{"client":"web.app_2"}"#)
            #expect(refused.outcome == "401 client_mismatch sign_in")
            #expect(try await api.cookieRenewal(Page().with(own.cookie)).status == 200)
        }
    }

    /// The two ways cannot be changed for one another: a cookie's token is of no use in a body.
    @Test func theDeliveryIsFixed() async throws {
        try await ServedAuthority().serveAlice { api in
            let signIn = try await api.cookieSignIn()
            let token = String(signIn.cookie.split(separator: "=")[1])
            #expect(try await api.renew(token).outcome == "401 client_mismatch sign_in")
            let refreshed = try await api.refresh(token, "&client_id=first-party")
            #expect(refreshed.outcome == "400 invalid_grant sign_in")
            let grant = try await api.signIn()
            let page = Page().with("__Host-martlet-refresh=\(grant.refresh)")
            #expect(try await api.cookieRenewal(page).outcome == "401 client_mismatch sign_in")
            #expect(try await api.renew(grant.refresh).status == 200)
            #expect(try await api.cookieRenewal(Page().with(signIn.cookie)).status == 200)
        }
    }

    // MARK: Origins

    /// What a page of another site, and whoever is no page, sends of itself.
    static let refused: [Page] = [
        Page(origin: "https://evil.example", site: "cross-site"), Page(origin: "https://evil.example", site: nil),
        Page(origin: "https://evil.example", site: "same-origin"), Page(origin: "null", site: "cross-site"),
        Page(origin: nil, site: nil), Page(origin: nil, site: "none"), Page(origin: nil, site: "same-origin"),
        Page(origin: "", site: "same-origin"), Page(origin: ServedAuthority.issuer, site: "cross-site"),
        Page(origin: ServedAuthority.issuer, site: "same-site"), Page(origin: ServedAuthority.issuer, site: "none"),
        Page(origin: ServedAuthority.issuer, site: "Same-Origin"),
        Page(origin: "http://auth.example.com", site: "same-site"),
        Page(origin: "https://auth.example.com:444", site: "same-site"),
        Page(origin: "https://auth.example.com.evil.example", site: "cross-site"),
        Page(origin: "https://auth.example.com/", site: "same-origin"),
        Page(origin: "https://AUTH.example.com", site: "same-origin"),
        // Allowed, but of another site: no browser would send the cookie.
        Page(origin: "https://app.example.com", site: "cross-site"),
        Page(origin: "https://app.example.com", site: "none"),
        // Another client's.
        Page(origin: "https://other.example.com", site: "same-site"),
    ]

    private func servedWithOrigins() async throws -> ServedAuthority {
        let served = try await ServedAuthority {
            $0.allowedOrigins = ["https://app.example.com"].compactMap(WebOrigin.init)
        }
        _ = try await served.authority.addClient(
            NewClient(id: "other", isPublic: true, origins: ["https://other.example.com"]))
        return served
    }

    @Test(arguments: refused)
    func whatIsNotOfAnAllowedOriginIsRefusedAndChangesNothing(_ page: Page) async throws {
        let served = try await servedWithOrigins()
        try await served.serveAlice { api in
            let signIn = try await api.cookieSignIn()
            let grant = try Grant(decoding: signIn.body)
            let forged = page.with(signIn.cookie)
            for answer in [
                try await api.cookieSignIn(page), try await api.cookieSignIn(forged),
                try await api.cookieRenewal(forged),
                try await api.cookieSignOut(forged), try await api.cookieSignOut(forged, "{}"),
            ] {
                #expect(answer.outcome == "403 origin_refused none")
                #expect(answer.setCookies == [])
            }
            // Without a body that can be read, nobody knows whose cookie is meant.
            let plain = try await api.cookieRenewal(forged, type: "text/plain")
            #expect([403, 415].contains(plain.status))
            #expect(plain.setCookies == [])
            let sessions = try await api.get("/v1/sessions", as: grant.bearer)
            #expect(try SessionList(decoding: sessions.body).sessions.map(\.id) == [grant.session.id])
            // The token had not been presented.
            #expect(try await served.authority.session(grant.session.id)?.headGeneration == 0)
            #expect(try await api.cookieRenewal(Page().with(signIn.cookie)).status == 200)
        }
    }

    @Test func twoFieldsAreRefused() async throws {
        try await ServedAuthority().serveAlice { api in
            let signIn = try await api.cookieSignIn()
            for name in [HTTPField.Name.origin, .secFetchSite] {
                var headers = Page().with(signIn.cookie).headers
                headers.append(HTTPField(name: name, value: headers[name] ?? ""))
                let answer = try await api.send(
                    .post, "/v1/sessions/refresh", headers: headers, type: "application/json", body: Array("{}".utf8))
                #expect(answer.outcome == "403 origin_refused none")
            }
        }
    }

    @Test(
        arguments: [
            (Page(), nil), (Page(site: nil), nil), (Page(origin: "https://app.example.com", site: "same-site"), nil),
            (Page(origin: "https://app.example.com", site: nil), nil),
            (Page(origin: "https://other.example.com", site: "same-site"), "other"), (Page(), "other"),
        ] as [(Page, String?)])
    func pagesOfTheServerAndOfTheClientAreServed(page: Page, client: String?) async throws {
        try await servedWithOrigins().serveAlice { api in
            let body = client.map { #"{"client":"\#($0)"}"# } ?? "{}"
            let signIn = try await api.cookieSignIn(page, client: client)
            #expect(signIn.status == 201)
            let renewal = try await api.cookieRenewal(page.with(signIn.cookie), body)
            #expect(renewal.status == 200)
            let signOut = try await api.cookieSignOut(page.with(renewal.cookie), body)
            #expect(signOut.status == 204)
        }
    }

    /// An issuer may name the port that browsers leave out.
    @Test func theOriginOfAnIssuerIsWithoutItsSchemesPort() async throws {
        try await ServedAuthority(issuer: "https://auth.example.com:443").serveAlice { api in
            let signIn = try await api.cookieSignIn()
            #expect(signIn.status == 201)
        }
    }

    // MARK: What is wrong with a request

    @Test func aRenewalHasOneToken() async throws {
        try await ServedAuthority().serveAlice { api in
            let cookie = try await api.cookieSignIn().cookie
            let grant = try await api.signIn()
            let both = try await api.cookieRenewal(Page().with(cookie), #"{"refreshToken":"\#(grant.refresh)"}"#)
            #expect(both.outcome == "400 malformed_request none")
            #expect(both.detail.contains("both the member refreshToken and a cookie"))
            let twice = try await api.cookieRenewal(Page().with("\(cookie); \(cookie)"))
            #expect(twice.outcome == "400 malformed_request none")
            #expect(twice.detail.contains("two cookies named __Host-martlet-refresh"))
            let apart = try await api.cookieSignOut(Page().with(cookie, cookie))
            #expect(apart.outcome == "400 malformed_request none")
            for answer in [both, twice, apart] { #expect(answer.setCookies == []) }
            // A page without a cookie has nobody signed in; whoever is no page forgot the token.
            #expect(try await api.cookieRenewal(Page()).outcome == "401 refresh_token_invalid sign_in")
            #expect(try await api.cookieRenewal(Page(origin: nil, site: nil)).outcome == "400 malformed_request none")
            let evil = Page(origin: "https://evil.example", site: "cross-site")
            #expect(try await api.cookieRenewal(evil).outcome == "403 origin_refused none")
            // A page may keep its tokens itself, wherever it is.
            #expect(
                try await api.cookieRenewal(evil, #"{"refreshToken":"\#(grant.refresh)"}"#).status == 200)
            #expect(try await api.cookieRenewal(Page().with(cookie)).status == 200)
        }
    }

    @Test func aBodyIsJSON() async throws {
        try await ServedAuthority().serveAlice { api in
            let page = Page().with(try await api.cookieSignIn().cookie)
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
                let answer = try await api.cookieRenewal(page, "{}", type: type)
                #expect(answer.outcome == "415 unsupported_media_type none")
                let signOut = try await api.send(
                    .delete, "/v1/sessions/current", headers: page.headers, type: type, body: Array("{}".utf8))
                #expect(signOut.outcome == "415 unsupported_media_type none")
            }
            #expect(try await api.cookieRenewal(page, "").outcome == "400 malformed_request none")
            #expect(try await api.cookieRenewal(page, #"{"client":1}"#).outcome == "400 malformed_request none")
            #expect(try await api.cookieRenewal(page, #"{"client":"none"}"#).outcome == "400 malformed_request none")
            #expect(try await api.cookieRenewal(page).status == 200)
        }
    }

    @Test func plainHTTPHasNoCookies() async throws {
        try await ServedAuthority(issuer: "http://localhost:8080").serveAlice { api in
            let page = Page(origin: "http://localhost:8080")
            let signIn = try await api.cookieSignIn(page)
            #expect(signIn.outcome == "400 malformed_request none")
            #expect(signIn.detail.contains("Cookies need HTTPS"))
            let renewal = try await api.cookieRenewal(page.with("__Host-martlet-refresh=x"))
            #expect(renewal.outcome == "400 malformed_request none")
            #expect(renewal.detail.contains("Cookies need HTTPS"))
            #expect(signIn.setCookies + renewal.setCookies == [])
        }
    }

    @Test func aConfidentialClientHasNoCookies() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            let body = #"{"username":"alice","password":"\#(ServedAuthority.password)","delivery":"cookie"}"#
            let answer = try await api.send(
                .post, "/v1/sessions", as: .basic("backend", secret), headers: Page().headers,
                type: "application/json", body: Array(body.utf8))
            #expect(answer.outcome == "400 malformed_request none")
            #expect(answer.detail.contains("for public clients"))
            let renewal = try await api.cookieRenewal(
                Page().with("__Host-martlet-refresh-backend=x"), #"{"client":"backend"}"#)
            #expect(renewal.outcome == "400 malformed_request none")
        }
    }

    /// Wrong passwords set no cookie, and another site cannot try them.
    @Test func aFailedSignInSetsNothing() async throws {
        try await ServedAuthority().serveAlice { api in
            let body = Array(#"{"username":"alice","password":"wrong","delivery":"cookie"}"#.utf8)
            let wrong = try await api.send(
                .post, "/v1/sessions", headers: Page().headers, type: "application/json", body: body)
            #expect(wrong.outcome == "401 invalid_credentials none")
            let evil = try await api.send(
                .post, "/v1/sessions", headers: Page(origin: "https://evil.example", site: "cross-site").headers,
                type: "application/json", body: body)
            #expect(evil.outcome == "403 origin_refused none")
            #expect(wrong.setCookies + evil.setCookies == [])
        }
    }

    // MARK: The end

    @Test func theEndOfASessionTakesItsCookie() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let revoked = try await api.cookieSignIn()
            let session = try Grant(decoding: revoked.body).session.id
            try await served.authority.end(.session(session), .revokedByAdmin)
            let answer = try await api.cookieRenewal(Page().with(revoked.cookie))
            #expect(answer.outcome == "401 session_ended sign_in revoked_by_admin")
            #expect(answer.setCookies == [Self.cleared])

            let garbage = try await api.cookieRenewal(Page().with("__Host-martlet-refresh=garbage"))
            #expect(garbage.outcome == "401 refresh_token_invalid sign_in")
            #expect(garbage.setCookies == [Self.cleared])

            // Row 8 is no end.
            let first = try await api.cookieSignIn().cookie
            let second = try await api.cookieRenewal(Page().with(first)).cookie
            _ = try await api.cookieRenewal(Page().with(second))
            let late = try await api.cookieRenewal(Page().with(first))
            #expect(late.outcome == "409 token_superseded reload after 1")
            #expect(late.setCookies == [])
            // Neither is a storage that fails.
            served.storage.fail(with: .init(.full, detail: "no space left"))
            let failed = try await api.cookieRenewal(Page().with(second))
            #expect(failed.outcome == "503 storage_unavailable retry after 1")
            #expect(failed.setCookies == [])
        }
    }

    /// A client that is removed takes its sessions along, and their cookies are told so as the bodies are.
    @Test func theEndOfAClientTakesItsCookies() async throws {
        let served = try await ServedAuthority()
        try await served.addClient("web", isPublic: true)
        try await served.serveAlice { api in
            let cookie = try await api.cookieSignIn(client: "web").cookie
            let inBody = try await api.send(
                .post, "/v1/sessions", type: "application/json",
                body: Array(#"{"username":"alice","password":"\#(ServedAuthority.password)","client":"web"}"#.utf8))
            let grant = try Grant(decoding: inBody.body)
            try await served.authority.removeClient("web")

            #expect(try await api.renew(grant.refresh).outcome == "401 session_ended sign_in client_removed")
            let body = #"{"client":"web"}"#
            let answer = try await api.cookieRenewal(Page().with(cookie), body)
            #expect(answer.outcome == "401 session_ended sign_in client_removed")
            #expect(answer.setCookies == ["__Host-martlet-refresh-web=\(Self.attributes)0"])
            #expect(try await api.cookieSignOut(Page().with(cookie), body).status == 204)

            for page in Self.refused {
                let refused = try await api.cookieRenewal(page.with(cookie), body)
                #expect(refused.outcome == "403 origin_refused none")
                #expect(refused.setCookies == [])
            }
            for refused in [
                try await api.cookieRenewal(Page(), body), try await api.cookieSignIn(client: "web"),
                try await api.cookieRenewal(Page().with(cookie), #"{"client":"we b"}"#),
            ] {
                #expect(refused.outcome == "400 malformed_request none")
                #expect(refused.setCookies == [])
            }
        }
    }

    @Test func aPageSignsOutByItsCookieAlone() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let signIn = try await api.cookieSignIn()
            let grant = try Grant(decoding: signIn.body)
            served.clock.advance(by: .seconds(3_600))
            let answer = try await api.cookieSignOut(Page().with(signIn.cookie))
            #expect(answer.status == 204)
            #expect(answer.setCookies == [Self.cleared])
            let session = try await served.authority.session(grant.session.id)
            #expect(session?.end?.reason == .signedOut)
            // Again, it is as done as before.
            #expect(try await api.cookieSignOut(Page().with(signIn.cookie), "{}").status == 204)
            let renewal = try await api.cookieRenewal(Page().with(signIn.cookie))
            #expect(renewal.outcome == "401 session_ended sign_in signed_out")
            #expect(try await api.cookieSignOut(Page()).outcome == "401 token_missing sign_in")
            let garbage = try await api.cookieSignOut(Page().with("__Host-martlet-refresh=garbage"))
            #expect(garbage.outcome == "401 refresh_token_invalid sign_in")
            #expect(garbage.setCookies == [Self.cleared])
        }
    }

    /// The access token says enough; the cookie goes with it where the request comes from a page.
    @Test func aSignOutByAccessTokenTakesTheCookieFromItsPage() async throws {
        try await ServedAuthority().serveAlice { api in
            for path in ["/v1/sessions/current", "/v1/sessions", "/v1/sessions/{id}"] {
                for (page, cleared) in [
                    (Page(), [Self.cleared]), (Page(origin: nil, site: nil), []),
                    (Page(origin: "https://evil.example", site: "cross-site"), []),
                ] {
                    let grant = try Grant(decoding: try await api.cookieSignIn().body)
                    let answer = try await api.send(
                        .delete, path.replacing("{id}", with: grant.session.id.description), as: grant.bearer,
                        headers: page.headers)
                    #expect(answer.status == 204)
                    #expect(answer.setCookies == cleared)
                }
            }
            let grant = try await api.signIn()
            #expect(try await api.cookieSignOut(Page(), as: grant.bearer).setCookies == [])
            // The others are gone; this one stays.
            let mine = try Grant(decoding: try await api.cookieSignIn().body)
            let others = try await api.send(
                .delete, "/v1/sessions?except=current", as: mine.bearer, headers: Page().headers)
            #expect(others.status == 204)
            #expect(others.setCookies == [])
        }
    }
}
