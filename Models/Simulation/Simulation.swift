#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Lives thousands of sessions under this server's rotation rule and under those of others, and prints who was falsely
/// signed out and which thief was found. Fails where this server's rule breaks one of its promises.
@main
struct Simulation {
    static func main() async throws {
        let arguments: Arguments
        do {
            arguments = try Arguments(CommandLine.arguments.dropFirst())
        } catch {
            say("error: \(error)\n\(Arguments.usage)")
            exit(64)
        }
        let clock = ContinuousClock()
        let start = clock.now
        let results = await Results(of: arguments.experiment) { step in
            say("[\((clock.now - start).components.seconds) s] \(step)")
        }
        let tables = Tables(results: results)
        print(tables.summary)
        print()
        print(tables.details)
        let failures = results.failures
        guard failures.isEmpty else {
            for failure in failures { say("FAILED: \(failure)") }
            exit(1)
        }
        if let docs = arguments.docs { try update(docs, with: results, tables) }
        say("PASSED: no session falsely ended, every thief found within the bound")
    }

    private static func update(_ docs: String, with results: Results, _ tables: Tables) throws {
        for (page, content) in [("rotation.md", tables.summary), ("simulation.md", tables.details)] {
            let path = "\(docs)/\(page)"
            var text = MarkedText(text: try String(contentsOfFile: path, encoding: .utf8))
            try text.replace("simulation", with: content)
            try text.text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        try Chart(results: results).svg.write(
            toFile: "\(docs)/images/simulation.svg", atomically: true, encoding: .utf8)
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // There is nowhere to say that it failed.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
