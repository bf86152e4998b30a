import Foundation
import MartletJOSE
import Testing

/// The foreign clients: scripts in the folder `Python` beside these tests, run by the package's `.venv`, which
/// `Scripts/install.sh --tests` makes.
enum Python {
    private static let environment = ProcessInfo.processInfo.environment
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// The `python` that `MARTLET_PYTHON` names, else the one in `.venv`; nil where there is none.
    static let path: String? = {
        let package = tests.deletingLastPathComponent().deletingLastPathComponent()
        let path =
            environment["MARTLET_PYTHON"] ?? package.appending(path: ".venv/bin/python").path(percentEncoded: false)
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// On a machine that judges changes nothing may be skipped: there the tests fail where Python is missing.
    static let isWanted = path != nil || environment["CI"] == "true"

    /// Runs a script to its end, which has to be a good one.
    ///
    /// - Parameters:
    ///   - script: the name of a file in the folder `Python`.
    ///   - request: what it reads from its standard input.
    /// - Returns: what it wrote to its standard output.
    static func run(_ script: String, _ request: JSONValue) async throws -> JSONValue {
        let python = try #require(path, "there is no .venv: run Scripts/install.sh --tests")
        let outcome = try await Program.run(
            [python, tests.appending(path: "Python/\(script)").path(percentEncoded: false)], in: TemporaryFolder(),
            input: String(decoding: request.serialized(), as: UTF8.self))
        try #require(outcome.status == 0, "\(script): \(outcome.errors)")
        return try JSONValue(parsing: Array(outcome.output.utf8))
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that run ``Python``.
    static var python: Self {
        .enabled(if: Python.isWanted, "there is no .venv: run Scripts/install.sh --tests, or set MARTLET_PYTHON")
    }
}
