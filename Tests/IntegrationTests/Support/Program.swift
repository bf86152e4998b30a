import MartletJOSE
import ProcessSupport

/// A program, run to its end.
enum Program {
    /// What a run left behind.
    struct Outcome: Sendable {
        /// The exit status; the negative number of the signal that ended it.
        let status: Int32
        let output: String
        let errors: String

        /// The output, which has to be one line of JSON.
        var json: JSONValue {
            get throws { try JSONValue(parsing: Array(output.utf8.dropLast(output.hasSuffix("\n") ? 1 : 0))) }
        }
    }

    /// - Parameters:
    ///   - line: the program, which is looked for in `PATH`, and its arguments.
    ///   - folder: where it is run.
    ///   - environment: what is added to the variables of this process.
    ///   - input: what it reads from its standard input; nil for nothing.
    static func run(
        _ line: [String], in folder: TemporaryFolder, environment: [String: String] = [:], input: String? = nil
    ) async throws -> Outcome {
        let outcome = try await ChildProcess.run(
            line, environment: Martlet.environment(in: folder, adding: environment), in: folder.path, input: input)
        return Outcome(status: outcome.status, output: outcome.output, errors: outcome.errors)
    }
}
