import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/statistics`: the numbers of the console's overview.
struct AdminStatisticsTests {
    @Test func theyAreCounted() async throws {
        try await AdminDoor.serve { door in
            let grant = try await door.api.signIn()
            #expect(try await door.api.renew(grant.refresh).status == 200)
            #expect(try await door.api.renew(grant.refresh).status == 200)
            try await door.served.authority.end(.session(grant.session.id), .signedOut)
            _ = try await door.api.signIn()
            try await door.served.authority.events.flush()
            door.served.clock.advance(by: .seconds(1))
            let counted = door.served.clock.now
            let statistics = try await door.get("statistics").json
            #expect(statistics["countedAt"]?.string == "\(counted)")
            #expect(statistics["users"] == 2)
            #expect(statistics["liveSessions"] == 2)
            let days = try #require(statistics["days"]?.array)
            #expect(days.count == 14)
            for (index, day) in days.enumerated() {
                let until = counted - .seconds(86_400 * (13 - index))
                #expect(day["until"]?.string == "\(until)")
                #expect(day["from"]?.string == "\(until - .seconds(86_400))")
            }
            let today = try #require(days.last)
            for (name, value) in [
                ("signIns", 3), ("ends", 1), ("liveSessions", 2), ("repeats", 1), ("replays", 0), ("refused", 0),
                ("signInsFailed", 0),
            ] as [(String, Int64)] {
                #expect(today[name]?.integer == value, "\(name)")
            }
            #expect(days[0]["signIns"] == 0)
            // Once for all who ask within a minute.
            door.served.clock.advance(by: .seconds(59))
            #expect(try await door.get("statistics").json == statistics)
        }
    }

    @Test func whatNobodyCountsIsMissing() async throws {
        for (setting, isThere) in [(.none, false), (.counted, true)] as [(EventSettings.Renewals, Bool)] {
            try await AdminDoor.serve {
                $0.events.renewals = setting
            } _: { door in
                let days = try await door.get("statistics").json["days"]?.array
                #expect((days?.last?["renewals"] != nil) == isThere)
            }
        }
    }

    @Test func aScriptIsToldToComeAgain() async throws {
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let cache = FiguresCache(clock: TestClock().clock) { now in
            for await _ in gate { break }
            return Overview(
                figures: StorageFigures(users: 1, liveSessions: 0, signIns: [], ends: []), events: [:],
                recorded: .counted, at: now, times: [now])
        }
        #expect(try await cache.figures(.init(looks: 2, pause: .milliseconds(1))) == nil)
        opening.yield()
        #expect(try await cache.figures(.ofScripts)?.figures.users == 1)
    }
}
