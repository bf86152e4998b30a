import Foundation
import Testing

/// Short runs of `make chaos` (docs/chaos.md): real clients on a real server that is killed, loses its last renewals, and
/// stands behind a network that drops, delays, copies and cuts.
@Suite(.timeLimit(.minutes(10)))
struct ChaosTests {
    private func run(_ arguments: String...) async throws -> Program.Outcome {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = package.appending(path: "Chaos/chaos.py").path(percentEncoded: false)
        let binaries = URL(filePath: Martlet.path).deletingLastPathComponent().path(percentEncoded: false)
        return try await Program.run(
            // Any Python from 3.10 on: it needs nothing but the standard library.
            [
                Python.path ?? "python3", script, "--binaries", binaries, "--late-window", "4", "--limit", "400",
                // A window this short is met more often by a machine that has other things to do.
                "--stalls", "10",
            ] + arguments,
            in: TemporaryFolder())
    }

    @Test func bothPromisesHold() async throws {
        let outcome = try await run("--renewals", "1000", "--seconds", "12")
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains("both promises held"))
    }

    /// What the run looks for it also finds.
    @Test(arguments: [
        ("delivery", "was ended without a cause: session_ended replay_detected"),
        ("compare-and-set", "was ended without a cause: session_ended replay_detected"),
        ("durability", "of the revoked session"),
    ])
    func aBrokenRuleIsNoticed(_ rule: String, words: String) async throws {
        let outcome = try await run("--break", rule)
        #expect(outcome.status == 1)
        let findings = outcome.output.split(separator: "\n").filter { $0.hasPrefix("BROKEN: ") }
        #expect(findings.contains { $0.contains(words) }, "\(outcome.output)\n\(outcome.errors)")
    }
}
