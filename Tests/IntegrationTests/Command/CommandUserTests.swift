import Foundation
import MartletJOSE
import MartletProtocol
import Testing

@testable import martlet

@Suite(.timeLimit(.minutes(10)))
struct CommandUserTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test func anAccountIsMadeListedAndShown() async throws {
        let added = try await martlet.run(
            "user", "add", "Ada", "--password-stdin", "--role", "admin", "--role", "audit", "--email",
            "ada@example.com",
            "--json", input: "correct horse battery\n")
        #expect(added.status == 0)
        let user = try UserDescription(decoding: Array(added.output.utf8.dropLast()))
        #expect(user.username == "Ada")
        #expect(user.roles == ["admin", "audit"])
        #expect(user.email == "ada@example.com")
        #expect(!user.isDisabled)

        let shown = try await martlet.run("user", "show", "ada", "--json")
        #expect(try UserDescription(decoding: Array(shown.output.utf8.dropLast())) == user)
        let listed = try await martlet.run("user", "list", "--json").json
        #expect(try listed["users"]?.array == [shown.json])

        let text = try await martlet.run("user", "show", "ada")
        #expect(text.output.contains("name          Ada\n"))
        let table = try await martlet.run("user", "list").output.split(separator: "\n")
        #expect(table.count == 2)
        #expect(table[0].hasPrefix("NAME  ROLES         E-MAIL"))
        #expect(table[1].hasPrefix("Ada   admin, audit  ada@example.com"))
    }

    @Test func passwordsAreShownNowhere() async throws {
        let password = "correct horse battery"
        for arguments in [["user", "add", "ada"], ["user", "set-password", "ada"]] {
            for format in [[], ["--json"]] {
                let outcome = try await martlet.run(
                    arguments + ["--password-stdin"] + format, input: "\(password)\n")
                #expect(!(outcome.output + outcome.errors).contains("correct"))
            }
        }
        let shown = try await martlet.run("user", "show", "ada", "--json")
        #expect(!shown.output.contains("argon2"))
    }

    @Test func anAccountIsDisabledEnabledGivenAPasswordAndRemoved() async throws {
        try await martlet.add("ada")
        #expect(try await martlet.run("user", "disable", "ada", "--json").json["disabled"] == true)
        #expect(try await martlet.run("user", "show", "ada").output.contains("disabled since"))
        #expect(try await martlet.run("user", "enable", "ada", "--json").json["disabled"] == false)
        let set = try await martlet.run(
            "user", "set-password", "ada", "--password-stdin", input: "another fine password\r\nnot this\n")
        #expect(set.status == 0)
        #expect(set.output == "Set the password of ada. Its sessions are over.\n")
        #expect(try await martlet.run("user", "remove", "ada").status == 0)
        #expect(try await martlet.run("user", "show", "ada").status == 1)
        #expect(try await martlet.run("user", "list", "--json").json == ["users": []])
    }

    @Test func anInvitationIsShownOnce() async throws {
        let made = try await martlet.run(
            "user", "invite", "--email", "ada@example.com", "--role", "editor", "--expires-in", "12h", "--json")
        #expect(made.status == 0)
        // Nothing is configured, so sign-up is closed.
        #expect(made.errors.contains("signUp is closed"))
        let link = try #require(try made.json["link"]?.string)
        #expect(link.hasPrefix("https://localhost:8443/sign-up?invitation="))
        #expect(try made.json["email"] == "ada@example.com")
        #expect(try made.json["roles"] == ["editor"])
        let expiresAt = try #require(try made.json["expiresAt"]?.string.flatMap { Timestamp(rfc3339: $0) })
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        #expect(abs((expiresAt - now - .seconds(12 * 3_600)).wholeSeconds) < 300)
        let database = try Data(contentsOf: URL(filePath: folder("martlet-data/martlet.sqlite")))
        #expect(database.range(of: Data(link.suffix(43).utf8)) == nil)
        let text = try await martlet.run("user", "invite")
        #expect(text.output.hasPrefix("Makes one account, until "))
        #expect(text.output.contains("\nhttps://localhost:8443/sign-up?invitation="))
        #expect(try await martlet.run("event", "list").output.contains("invited to make an account"))
    }

    @Test(arguments: [0, 1, 499, 500, 501, 1_000, 1_200])
    func allPagesAreRead(_ count: Int) async throws {
        let all = Array(0..<count)
        let read: [Int] = try await allPages { after, limit in Array(all[(after.map { $0 + 1 } ?? 0)...].prefix(limit))
        }
        #expect(read == all)
    }

    @Test func accountsAreListedAsTheyWereMade() async throws {
        for name in ["carl", "ada", "bert"] { try await martlet.add(name) }
        let users = try await martlet.run("user", "list", "--json").json["users"]?.array ?? []
        #expect(users.compactMap { $0["username"]?.string } == ["carl", "ada", "bert"])
    }

    /// Arguments, standard input, exit status, and a part of what is said on standard error.
    @Test(arguments: [
        (["user", "add", "ada", "--password-stdin"], "another fine password\n", 1, "taken"),
        (["user", "add", "ADA", "--password-stdin"], "another fine password\n", 1, "taken"),
        (["user", "add", "b\u{1}", "--password-stdin"], "another fine password\n", 1, "control"),
        (["user", "add", "b\u{202E}", "--password-stdin"], "another fine password\n", 1, "control, format"),
        (["user", "add", "", "--password-stdin"], "another fine password\n", 1, "1 to 128 bytes"),
        (["user", "add", " bert", "--password-stdin"], "another fine password\n", 1, "white space"),
        (["user", "add", String(repeating: "b", count: 129), "--password-stdin"], "x", 1, "1 to 128 bytes"),
        (["user", "add", "bert", "--password-stdin"], "short\n", 1, "at least 8 bytes"),
        (["user", "add", "bert", "--password-stdin"], "password1\n", 1, "common"),
        (["user", "add", "bert", "--password-stdin"], String(repeating: "a", count: 1_025), 1, "at most 1024 bytes"),
        (["user", "add", "bert", "--password-stdin"], String(repeating: "a", count: 20_000), 1, "too long"),
        (["user", "add", "bert", "--password-stdin"], "has a \0 in it\n", 1, "NUL"),
        (["user", "add", "bert", "--password-stdin"], "\n", 1, "no password on standard input"),
        (["user", "add", "bert", "--password-stdin"], "", 1, "no password on standard input"),
        (["user", "add", "bert", "--password-stdin", "--role", "a b"], "another fine password\n", 1, "A role is"),
        (["user", "add", "bert", "--password-stdin", "--email", "b"], "another fine password\n", 1, "e-mail"),
        (["user", "add", "bert"], "another fine password\n", 64, "--password-stdin"),
        (["user", "add", "bert", "--password", "x"], "", 64, "in the shell's history now"),
        (["user", "add", "bert", "--password=x"], "", 64, "in the shell's history now"),
        (["user", "add", "bert", "--password-stdin", "--password", "x"], "", 64, "in the shell's history now"),
        (["user", "add", "bert", "surplus secret"], "", 64, "in the shell's history now"),
        (["user", "add", "bert", "surplus", "--password-stdin"], "", 64, "in the shell's history now"),
        (["user", "set-password", "ada", "surplus secret"], "", 64, "in the shell's history now"),
        (["user", "set-password", "ada", "--password", "x"], "", 64, "in the shell's history now"),
        (["user", "add", "bert", "--rolle", "admin"], "", 64, "Unknown option '--rolle'"),
        (["user", "add"], "", 64, "<name>"),
        (["user", "invite", "--role", "a b"], "", 1, "A role is"),
        (["user", "invite", "--email", "b"], "", 1, "e-mail"),
        (["user", "invite", "--expires-in", "0s"], "", 1, "1s to 365d"),
        (["user", "invite", "--expires-in", "7"], "", 64, "such as 30m or 7d"),
        (["user", "invite", "bert"], "", 64, "bert"),
        (["user", "show", "bert"], "", 1, "There is no user bert"),
        (["user", "disable", "bert"], "", 1, "There is no user bert"),
        (["user", "enable", "bert"], "", 1, "There is no user bert"),
        (["user", "remove", "bert"], "", 1, "There is no user bert"),
        (["user", "set-password", "bert", "--password-stdin"], "another fine password\n", 1, "There is no user bert"),
        (["user", "unknown"], "", 64, "unknown"),
    ])
    func badInputIsRefusedAndChangesNothing(
        _ arguments: [String], _ input: String, _ status: Int32, _ words: String
    ) async throws {
        try await martlet.add("ada")
        let before = try await martlet.run("user", "list", "--json").output
        let outcome = try await martlet.run(arguments, input: input)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("Error: "))
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        #expect(!outcome.errors.contains("surplus"))
        #expect(try await martlet.run("user", "list", "--json").output == before)
    }
}

extension Martlet {
    static let password = "correct horse battery"

    /// Makes an account whose password is ``password``.
    ///
    /// - Parameter data: the data folder; `martlet-data` by default.
    func add(_ user: String, to data: String? = nil) async throws {
        let arguments = ["user", "add", user, "--password-stdin"] + (data.map { ["--data", $0] } ?? [])
        try #require(await run(arguments, input: "\(Self.password)\n").status == 0)
    }
}
