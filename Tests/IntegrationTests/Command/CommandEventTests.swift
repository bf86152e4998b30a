import Foundation
import GRDB
import MartletJOSE
import MartletProtocol
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandEventTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    private func kinds(_ arguments: String...) async throws -> [String] {
        let listed = try await martlet.run(["event", "list", "--json"] + arguments).json
        return (listed["events"]?.array ?? []).compactMap { $0["kind"]?.string }
    }

    @Test func whatServerAndCommandDoIsRecordedInOneChain() async throws {
        try await martlet.add("ada")
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let grant = try await web.signIn("ada")
        _ = try await web.renew(grant.refresh)
        #expect(try await martlet.run("user", "disable", "ada").status == 0)
        #expect(try await web.tryRenew(grant.refresh).status == 401)
        // A server that is stopped has recorded all of it.
        #expect(await server.stop() == 0)

        // Two processes write theirs when each comes to it.
        #expect(
            try await kinds("--user", "ada").sorted() == [
                "admin_action", "admin_action", "refused", "sessions_ended", "sign_in",
            ])
        #expect(
            try await kinds("--session", "\(grant.session.id)").sorted() == ["refused", "sessions_ended", "sign_in"])
        #expect(try await kinds("--kind", "renewals", "--since", "1h").count == 1)
        #expect(try await kinds("--since", "2100-01-01T00:00:00Z") == [])
        #expect(try await kinds("--limit", "1").count == 1)
        let text = try await martlet.run("event", "list", "--kind", "admin_action").output
        #expect(text.contains("The account was disabled by an operator's command."), "\(text)")

        let verified = try await martlet.run("event", "verify")
        #expect(verified.status == 0)
        #expect(verified.output.hasPrefix("All "), "\(verified.output)")

        let shown = try await martlet.run("session", "show", "\(grant.session.id)")
        #expect(shown.output.contains("The account was disabled on "), "\(shown.output)")
        let story = try await martlet.run("session", "show", "\(grant.session.id)", "--json").json["story"]
        #expect(story?["advances"]?.integer == 1)
        #expect(story?["lines"]?.array?.isEmpty == false)
    }

    /// What the server and other commands record, as it comes, until Ctrl-C.
    @Test func whoFollowsIsToldOfWhatHappens() async throws {
        try await martlet.add("ada")
        try await martlet.add("bob")
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        _ = try await web.signIn("ada")
        try await eventually("the sign-in is recorded") { try await kinds("--kind", "sign_in").count == 1 }

        let follow = [Martlet.path, "event", "list", "--follow"]
        let adas = try Dialogue(
            follow + ["--json", "--user", "ada", "--kind", "sign_in", "--kind", "admin_action"], in: folder)
        let all = try Dialogue(follow + ["--limit", "1", "--kind", "sign_in", "--kind", "admin_action"], in: folder)
        try await eventually("what was there: \(adas.errors)\(all.errors)") {
            adas.said.count == 2 && all.said.count == 1
        }
        _ = try await web.signIn("bob")
        _ = try await web.signIn("ada")
        try await eventually("the two sign-ins") { all.said.count == 3 && adas.said.count == 3 }
        #expect(try await martlet.run("user", "disable", "ada").status == 0)
        try await eventually("what a command did") { all.said.count == 4 && adas.said.count == 4 }
        for following in [adas, all] { #expect(await following.stop(SIGINT) == -SIGINT) }

        let told = try adas.said.map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(told.map { $0["kind"]?.string } == ["admin_action", "sign_in", "sign_in", "admin_action"])
        let numbers = told.compactMap { $0["number"]?.integer }
        #expect(numbers.count == 4)
        #expect(numbers == Set(numbers).sorted())
        let line = try #require(all.said.last)
        #expect(line.hasPrefix("\(numbers[3])  "), "\(line)")
        #expect(line.hasSuffix("  admin_action  The account was disabled by an operator's command."), "\(line)")
    }

    @Test func aChangedRecordIsFound() async throws {
        try await martlet.add("ada")
        let queue = try DatabaseQueue(path: folder("martlet-data/martlet.sqlite"))
        try await queue.write { database in
            try database.execute(sql: "UPDATE events SET record = json_set(record, '$.actor', 'eve') WHERE number = 3")
        }
        try queue.close()
        let verified = try await martlet.run("event", "verify")
        #expect(verified.status == 1)
        #expect(verified.output.hasPrefix("The record 3 was changed."), "\(verified.output)")
        let json = try await martlet.run("event", "verify", "--json").json
        #expect(json["fault"]?["kind"] == "changed")
        #expect(json["fault"]?["number"]?.integer == 3)
        #expect(json["intact"]?.integer == 2)
    }

    /// Whoever cuts off records may remove what tells of them, too.
    @Test(arguments: [true, false])
    func aLostMarkIsAFault(isRemoved: Bool) async throws {
        try await martlet.add("ada")
        #expect(try await martlet.run("event", "verify").status == 0)
        let mark = folder("martlet-data/martlet.mark")
        if isRemoved {
            try FileManager.default.removeItem(atPath: mark)
        } else {
            try Data("rubbish".utf8).write(to: URL(filePath: mark))
        }

        let verified = try await martlet.run("event", "verify")
        #expect(verified.status == 1)
        #expect(verified.output.contains("martlet.mark"), "\(verified.output)")
        #expect(verified.output.contains(isRemoved ? "is missing" : "is damaged"), "\(verified.output)")
        #expect(verified.output.contains("--after-restore"), "\(verified.output)")
        let outcome = try await martlet.run("event", "verify", "--json")
        #expect(outcome.status == 1)
        #expect(try outcome.json["fault"]?["kind"] == "mark")
        #expect(try outcome.json["fault"]?["number"]?.integer == outcome.json["newest"]?.integer)

        let server = try await MartletProcess(in: folder, ["--after-restore", "keep"])
        #expect(await server.stop() == 0)
        #expect(try await martlet.run("event", "verify").status == 0)
        let restored = try await martlet.run("event", "list", "--kind", "storage_restored", "--json").json["events"]
        let detail = try #require(restored?.array?.first?["detail"]?.string)
        #expect(detail == "keep; whether earlier records were cut off could not be checked")
    }

    @Test(arguments: [
        (["--kind", "moon_landing"], "sign_in_failed"), (["--since", "yesterday"], "2026-01-01T12:30:00Z"),
        (["--user", "nobody"], "no user nobody"), (["--limit", "-1"], "limit"),
    ])
    func badInputIsExplained(arguments: [String], words: String) async throws {
        try await martlet.add("ada")
        let outcome = try await martlet.run(["event", "list"] + arguments)
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
}
