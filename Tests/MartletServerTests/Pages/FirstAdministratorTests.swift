import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct FirstAdministratorTests {
    private func path(_ link: PageCookie) -> String { "/first-administrator?link=\(link.text)" }

    @Test func theLinkLeadsToTheConsoleOnce() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("alice")
        let link = try #require(try await served.authority.makeAdministratorLink())
        try await served.browse { browser in
            let form = try await browser.get(path(link))
            #expect(form.status == 200)
            // What cannot be leaves the link as it is.
            for (username, password, status) in [("root", "short", 400), ("ALICE", "a good long password", 409)] {
                let answer = try await browser.post(
                    "/first-administrator", ["link": link.text, "username": username, "password": password])
                #expect(answer.status == status)
                #expect(answer.html.contains("role=\"alert\""))
            }
            let fields = ["link": link.text, "username": "root", "password": "a good long password"]
            #expect(try await browser.post("/first-administrator", fields).location == "/console")
            #expect(try await browser.get("/console").status == 200)

            let again = try await browser.get(path(link))
            #expect(again.status == 403)
            #expect(again.html.contains("This link does not work"))
            try await browser.get("/sign-in")
            let other = browser.tab()
            other.setCookie("__Host-martlet-page", nil)
            try await other.get("/sign-in")
            let late = try await other.post(
                "/first-administrator", ["link": link.text, "username": "eve", "password": "a good long password"])
            #expect(late.status == 403)
        }
        #expect(try await served.authority.existingUser("root").roles == ["admin"])
        await #expect(throws: AuthorityError.self) { try await served.authority.existingUser("eve") }
        // There is one now, so there is no other link.
        #expect(try await served.authority.makeAdministratorLink() == nil)
    }

    @Test func itWorksForAnHour() async throws {
        let served = try await ServedAuthority()
        let link = try #require(try await served.authority.makeAdministratorLink())
        try await served.browse { browser in
            served.clock.advance(by: .seconds(3_599))
            let form = try await browser.get(path(link))
            #expect(form.status == 200)
            served.clock.advance(by: .seconds(1))
            let fields = ["link": link.text, "username": "root", "password": "a good long password"]
            #expect(try await browser.post("/first-administrator", fields).status == 403)
            #expect(try await browser.get(path(link)).status == 403)
        }
    }

    @Test func nothingElseIsALink() async throws {
        let served = try await ServedAuthority()
        let link = try #require(try await served.authority.makeAdministratorLink())
        try await served.browse { browser in
            for query in ["", "?link=", "?link=\(PageCookie().text)", "?link=\(link.text)A", "?link=%00"] {
                #expect(try await browser.get("/first-administrator\(query)").status == 403)
            }
            // A form of another site makes nobody administrator.
            try await browser.get(path(link))
            let fields = ["link": link.text, "username": "root", "password": "a good long password"]
            for headers: HTTPFields in [[:], [.origin: "https://evil.example"]] {
                #expect(try await browser.post("/first-administrator", fields, headers: headers).status == 403)
            }
            #expect(try await browser.post("/first-administrator", fields, token: "").status == 403)
            #expect(try await browser.get(path(link)).status == 200)
        }
    }
}
