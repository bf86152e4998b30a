import Foundation
import Testing

@testable import martlet

/// What is shown on a terminal, and what is typed on one.
@Suite(.timeLimit(.minutes(10)))
struct CommandTerminalTests {
    @Test(arguments: [
        ("pass\n", "pass", HiddenLine.Outcome.done),
        ("pass\r", "pass", .done),
        ("pax\u{7F}ss\n", "pass", .done),
        ("passü\u{8}\n", "pass", .done),
        ("\u{7F}\u{7F}pass\n", "pass", .done),
        ("nothing\u{15}pass\n", "pass", .done),
        ("pass\u{4}\n", "pass", .done),
        ("\u{4}", "", .abandoned),
        ("pass\u{3}", "pass", .abandoned),
        ("pass", "pass", .more),
    ])
    func aHiddenLineIsEdited(_ typed: String, _ text: String, _ outcome: HiddenLine.Outcome) {
        var line = HiddenLine()
        var last = HiddenLine.Outcome.more
        for byte in typed.utf8 where last == .more { last = line.type(byte) }
        #expect(last == outcome)
        #expect(String(decoding: line.bytes, as: UTF8.self) == text)
    }

    @Test(arguments: [
        ("ada", "ada"),
        ("a\u{1B}[2Jda", "a\u{FFFD}[2Jda"),
        ("a\u{202E}da", "a\u{FFFD}da"),
        ("a\u{9B}da", "a\u{FFFD}da"),
        ("a\rda", "a\u{FFFD}da"),
        ("👩\u{200D}🔬", "👩\u{200D}🔬"),
    ])
    func whatMovesTheCursorIsNotPrinted(_ text: String, _ printable: String) {
        #expect(Array(text.printable.unicodeScalars) == Array(printable.unicodeScalars))
    }

    @Test func columnsAreAligned() {
        var table = Table(["name", "state"])
        table.add("ada", "enabled")
        table.add("bartholomew", nil)
        table.add("c\nd", "")
        #expect(table.text == "NAME         STATE\nada          enabled\nbartholomew  -\nc d          -")
    }

    @Test func aPasswordIsAskedForTwiceAndNotShown() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await PseudoTerminal.run(
            ["user", "add", "ada"], in: folder,
            answering: [("New password of ada: ", "\(Martlet.password)\n"), ("again: ", "\(Martlet.password)\n")])
        #expect(outcome.status == 0)
        #expect(outcome.text.contains("Added ada"))
        #expect(!outcome.text.contains("correct"))
    }

    @Test func loginAsksForANewPasswordWhereOneIsNeeded() async throws {
        let folder = try TemporaryFolder()
        let martlet = Martlet(in: folder)
        try await martlet.add("ada")
        let server = try await MartletProcess(in: folder)
        #expect(try await martlet.run("user", "require-password", "ada").status == 0)
        let line = ["login", "--server", server.url, "--user", "ada"]
        // There is nobody to ask.
        let piped = try await martlet.run(line + ["--password-stdin"], input: "\(Martlet.password)\n")
        #expect(piped.status == 1)
        #expect(piped.errors.contains("The account needs a new password. Sign in on a terminal"), "\(piped.errors)")
        let new = "another fine password"
        let outcome = try await PseudoTerminal.run(
            line, in: folder,
            answering: [
                ("Password of ada: ", "\(Martlet.password)\n"), ("New password of ada: ", "\(new)\n"),
                ("again: ", "\(new)\n"),
            ])
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(outcome.text.contains("needs a new password"))
        #expect(outcome.text.contains("Signed in to \(server.url) as ada."))
        #expect(!outcome.text.contains(new))
        #expect(try await martlet.run("whoami").status == 0)
        #expect(try await martlet.run(line + ["--password-stdin"], input: "\(new)\n").status == 0)
    }

    /// Nobody types a password twice only to be told of the name.
    @Test(arguments: [("ada", "taken"), ("ADA", "taken"), (" bert", "white space")])
    func aNameThatWillNotDoIsRefusedBeforeAPasswordIsAskedFor(_ name: String, _ words: String) async throws {
        let folder = try TemporaryFolder()
        try await Martlet(in: folder).add("ada")
        let outcome = try await PseudoTerminal.run(["user", "add", name], in: folder, answering: [])
        #expect(outcome.status == 1)
        #expect(outcome.text.contains(words), "\(outcome.text)")
        #expect(!outcome.text.contains("New password"))
    }

    @Test func twoPasswordsThatDifferAreRefused() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await PseudoTerminal.run(
            ["user", "add", "ada"], in: folder,
            answering: [("New password of ada: ", "\(Martlet.password)\n"), ("again: ", "another one\n")])
        #expect(outcome.status == 1)
        #expect(outcome.text.contains("not the same"))
        #expect(try await Martlet(in: folder).run("user", "show", "ada").status == 1)
    }

    @Test func controlCAbandonsAPromptAndLeavesTheTerminalAsItWas() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await PseudoTerminal.run(
            ["user", "add", "ada"], in: folder, answering: [("New password of ada: ", "abc\u{3}")])
        #expect(outcome.status == 1)
        #expect(outcome.text.contains("Nothing was entered."))
        #expect(outcome.echoes)
    }
}
