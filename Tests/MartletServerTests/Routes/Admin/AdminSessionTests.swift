import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/sessions`. How one is ended is in `AdminRevocationTests`.
struct AdminSessionTests {
    /// Signs alice in so many times, and then bob once.
    private func signIn(_ times: Int, _ door: AdminDoor) async throws -> (alice: [Grant], bob: Grant) {
        try await door.served.addUser("bob")
        var grants: [Grant] = []
        for _ in 0..<times {
            grants.append(try await door.api.signIn(device: "Pad"))
            door.served.clock.advance(by: .seconds(1))
        }
        let bob = try await door.api.signIn("bob")
        door.served.clock.advance(by: .seconds(1))
        return (grants, bob)
    }

    @Test func theListHasPagesOfWhatIsAskedFor() async throws {
        try await AdminDoor.serve { door in
            let (alice, bob) = try await signIn(5, door)
            let ids = alice.map(\.session.id.description)
            let root = try #require(try await door.list("id", of: "sessions").last)
            // Not in the order in which they began.
            for index in [3, 0] {
                try await door.served.authority.end(.session(alice[index].session.id), .signedOut)
                door.served.clock.advance(by: .seconds(1))
            }
            let (user, name) = (alice[0].user.id, "user:\(alice[0].user.id)")
            for limit in [1, 2, 3, 1_000] {
                for (filter, expected) in [
                    (nil, ["\(bob.session.id)", ids[4], ids[2], ids[1], root]),
                    ("state:live", ["\(bob.session.id)", ids[4], ids[2], ids[1], root]),
                    ("state:ended", [ids[0], ids[3]]),
                    ("state:all", ["\(bob.session.id)", ids[4], ids[3], ids[2], ids[1], ids[0], root]),
                    (name, [ids[4], ids[2], ids[1]]), ("\(name),state:ended", [ids[3], ids[0]]),
                    ("state:all,\(name)", [ids[4], ids[3], ids[2], ids[1], ids[0]]),
                    ("user:01890000-0000-7000-8000-000000000000,state:all", []),
                ] as [(String?, [String])] {
                    let found = try await door.list("id", of: "sessions", filter: filter, limit: limit)
                    #expect(found == expected, "\(filter ?? "none")")
                }
            }
            let ended = try #require(try await door.list("sessions", filter: "state:ended").first)
            #expect(ended["ended"]?["reason"] == "signed_out")
            #expect(ended["user"] == ["id": .string("\(user)"), "username": "alice"])
            #expect(ended["device"] == "Pad")
            #expect(ended["address"] == "127.0.0.1")
            // Whose own it is that asks.
            let current = try await door.list("sessions").filter { $0["current"] == true }
            #expect(current.compactMap { $0["id"]?.string } == [root])
        }
    }

    /// A session whose limits have passed is over, whether or not that was written down yet, and takes no place on a page.
    @Test func whatIsOverByItsLimitsIsNotLive() async throws {
        try await AdminDoor.serve {
            $0.policy.idleLimit = .seconds(3_600)
        } _: { door in
            let (alice, bob) = try await signIn(3, door)
            door.served.clock.advance(by: .seconds(3_000))
            let root = try await door.api.signIn("root")
            for grant in [alice[1], bob] { #expect(try await door.api.renew(grant.refresh).status == 200) }
            door.served.clock.advance(by: .seconds(1_000))
            let again = AdminDoor(served: door.served, api: door.api, credentials: root.bearer)
            let ids = [root, bob, alice[1]].map(\.session.id.description)
            for limit in [1, 2, 3] {
                #expect(try await again.list("id", of: "sessions", limit: limit) == ids)
                #expect(
                    try await again.list(
                        "id", of: "sessions", filter: "user:\(alice[0].user.id),state:ended", limit: limit)
                        == [alice[2], alice[0]].map(\.session.id.description))
            }
            let shown = try await again.get("sessions/\(alice[0].session.id)").json
            #expect(shown["ended"]?["reason"] == "expired_idle")
        }
    }

    @Test(arguments: [
        "filter=x", "filter=user:x", "filter=user:", "filter=state:over", "filter=state:live,state:live",
        "filter=state:live,", "filter=name:alice", "filter=,", "limit=0", "limit=1001", "after=x", "after=1",
        "after=01890000-0000-7000-8000-000000000000",
        "filter=state:ended&after=01890000-0000-7000-8000-000000000000", "limit=1&limit=1", "state=live",
    ])
    func badParametersAreExplained(query: String) async throws {
        try await AdminDoor.serve { door async throws in
            #expect(try await door.get("sessions?\(query)").outcome == "400 malformed_request none")
        }
    }

    /// A live session is no place in the list of those that ended.
    @Test func aPlaceIsOneOfItsList() async throws {
        try await AdminDoor.serve { door in
            let (alice, _) = try await signIn(2, door)
            try await door.served.authority.end(.session(alice[1].session.id), .signedOut)
            let (live, ended) = (alice[0].session.id, alice[1].session.id)
            #expect(try await door.get("sessions?filter=state:ended&after=\(live)").status == 400)
            #expect(try await door.get("sessions?filter=state:ended&after=\(ended)").status == 200)
            // It may have ended since.
            #expect(try await door.get("sessions?filter=state:live&after=\(ended)").status == 200)
        }
    }

    @Test func oneIsShownWithItsStory() async throws {
        try await AdminDoor.serve { door in
            let grant = try await door.api.signIn()
            #expect(try await door.api.renew(grant.refresh).status == 200)
            let path = "sessions/\(grant.session.id)"
            let live = try await door.get(path).json
            #expect(live["ended"] == nil)
            #expect(live["user"]?["username"] == "alice")
            #expect(live["story"]?["advances"] == 1)
            #expect(live["story"]?["answer"]?.string?.contains("goes on") == true)

            #expect(try await door.delete(path).status == 204)
            try await door.served.authority.events.flush()
            let ended = try await door.get(path).json
            #expect(ended["ended"]?["reason"] == "revoked_by_admin")
            #expect(ended["story"]?["answer"]?.string?.contains("The administrator") == true)
            #expect(ended["story"]?["lines"]?.array?.isEmpty == false)

            try await door.served.authority.removeUser("alice")
            #expect(try await door.get(path).json["user"] == ["id": .string("\(grant.user.id)")])
            for unknown in ["01890000-0000-7000-8000-000000000000", "x"] {
                #expect(try await door.get("sessions/\(unknown)").outcome == "404 not_found none")
            }
        }
    }
}
