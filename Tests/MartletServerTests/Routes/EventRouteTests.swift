import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/events` and `/v1/me/events`.
struct EventRouteTests {
    private func serve(
        _ work: @Sendable (ServedAuthority, API, _ admin: API.Credentials) async throws -> Void
    ) async throws {
        let served = try await ServedAuthority()
        try await served.addUser("root", roles: ["admin"])
        try await served.addUser()
        try await served.serve { api in try await work(served, api, try await api.signIn("root").bearer) }
    }

    private func kinds(_ answer: Answered) throws -> [String] {
        try (answer.json["events"]?.array ?? []).compactMap { $0["kind"]?.string }
    }

    @Test func anAdministratorSeesAll() async throws {
        try await serve { served, api, admin in
            let grant = try await api.signIn()
            #expect(try await api.delete("/v1/admin/sessions/\(grant.session.id)", as: admin).status == 204)
            try await served.authority.events.flush()
            let all = try await api.get("/v1/admin/events", as: admin)
            #expect(try kinds(all).prefix(3) == ["sessions_ended", "sign_in", "sign_in"])
            #expect(try kinds(all).suffix(2) == ["key_added", "key_added"])
            #expect(try all.json["next"] == nil)
            let end = try #require(try all.json["events"]?.array?.first)
            #expect(end["reason"] == "revoked_by_admin")
            #expect(end["session"]?.string == "\(grant.session.id)")
            #expect(end["words"]?.string?.contains("by the administrator") == true)

            for filter in ["\(grant.session.id)", "sessions_ended", "\(grant.user.id)"] {
                let found = try await api.get("/v1/admin/events?filter=\(filter)", as: admin)
                #expect(try kinds(found).first == "sessions_ended" || kinds(found).first == "sign_in")
                #expect(try kinds(found).count < kinds(all).count)
            }
            // A page after the other is all there is.
            var paged: [String] = []
            var path = "/v1/admin/events?limit=2"
            while true {
                let page = try await api.get(path, as: admin)
                paged += try kinds(page)
                guard let next = try page.json["next"]?.string else { break }
                path = "/v1/admin/events?limit=2&after=\(next)"
            }
            #expect(try paged == kinds(all))
        }
    }

    @Test func aUserSeesTheOwn() async throws {
        try await serve { served, api, admin in
            let grant = try await api.signIn()
            let other = try await api.signIn()
            #expect(try await api.delete("/v1/admin/sessions/\(other.session.id)", as: admin).status == 204)
            served.authority.events.record(
                EventRecord(
                    .alarm, at: served.authority.clock.now, user: grant.user.id,
                    alarm: .init(rule: "new-device", score: 70, words: "A new device signed in.")))
            try await served.authority.events.flush()
            let own = try await api.get("/v1/me/events?limit=3", as: grant.bearer)
            #expect(try kinds(own) == ["alarm", "sessions_ended", "sign_in"])
            #expect(!own.text.contains("new-device"))
            let next = try #require(try own.json["next"]?.string)
            let rest = try await api.get("/v1/me/events?after=\(next)", as: grant.bearer)
            #expect(try kinds(rest) == ["sign_in", "admin_action"])
            #expect(try own.json["events"]?.array?[1]["actor"] == "administrator")
        }
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=x", "after=0", "after=x", "after=-1", "more=1", "limit=1&limit=2",
    ])
    func badParametersAreExplained(query: String) async throws {
        try await serve { _, api, admin in
            let answer = try await api.get("/v1/admin/events?\(query)", as: admin)
            #expect(answer.status == 400)
            #expect(try await api.get("/v1/me/events?\(query)", as: admin).status == 400)
        }
    }

    @Test func othersAreRefused() async throws {
        try await serve { _, api, _ in
            let grant = try await api.signIn()
            #expect(try await api.get("/v1/admin/events", as: grant.bearer).status == 403)
            #expect(try await api.get("/v1/admin/events").status == 401)
            #expect(try await api.get("/v1/me/events").status == 401)
            #expect(try await api.get("/v1/me/events?filter=sign_in", as: grant.bearer).status == 400)
        }
    }
}
