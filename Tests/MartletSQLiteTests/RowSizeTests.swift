import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

struct RowSizeTests {
    /// Whatever a session has lived through: its row is one, and small.
    @Test func aSessionHasOneRowOf300Bytes() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id, device: "Ada's telephone")
        _ = try await storage.insert(fixture.session, userVersion: 1)
        var token = fixture.token
        for number in 0..<500 {
            let presenter = Presenter(
                address: "2001:0db8:1234:5678:9abc:def0:1234:\(1_000 + number)",
                userAgent: String(repeating: "Browser \(number) ", count: 20))
            let now = Fixtures.start + .seconds(30 * number)
            #expect(try await storage.present(token, from: presenter, at: now).decision.name == "advance")
            token = fixture.child(of: token, at: now)
        }
        let end = SessionEnd(at: Fixtures.start + .seconds(20_000), reason: .signedOutElsewhere)
        #expect(try await storage.end(.session(fixture.session.id), end) == [fixture.session.id])
        let (rows, bytes) = try await storage.read { database in
            (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions"),
                try Int.fetchOne(database, sql: "SELECT max(mx_payload) FROM dbstat WHERE name = 'sessions'")
            )
        }
        #expect(rows == 1)
        #expect(try #require(bytes) <= 300)
        await storage.close()
    }
}
