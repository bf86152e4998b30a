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
        try await run(tests.appending(path: "Python/\(script)"), request)
    }

    /// The same for a script in `Tests/BrowserTests`, which drives a browser.
    static func browse(_ script: String, _ request: JSONValue) async throws -> JSONValue {
        try await run(tests.deletingLastPathComponent().appending(path: "BrowserTests/\(script)"), request)
    }

    /// Whether there is a browser to drive, too.
    static let hasBrowser: Bool = {
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        return path != nil
            && folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/chromedriver") }
    }()

    private static func run(_ script: URL, _ request: JSONValue) async throws -> JSONValue {
        let python = try #require(path, "there is no .venv: run Scripts/install.sh --tests")
        let outcome = try await Program.run(
            [python, script.path(percentEncoded: false)], in: TemporaryFolder(),
            input: String(decoding: request.serialized(), as: UTF8.self))
        try #require(outcome.status == 0, "\(script.lastPathComponent): \(outcome.errors)")
        return try JSONValue(parsing: Array(outcome.output.utf8))
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that drive a browser.
    static var browser: Self {
        .enabled(
            if: Python.hasBrowser || ProcessInfo.processInfo.environment["CI"] == "true",
            "there is no browser to drive: run Scripts/install.sh --tests")
    }

    /// For tests that run ``Python``.
    static var python: Self {
        .enabled(if: Python.isWanted, "there is no .venv: run Scripts/install.sh --tests, or set MARTLET_PYTHON")
    }
}
