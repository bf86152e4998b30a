import Foundation

/// The libraries that `peers.py` measures, in a process of their own.
struct PythonPeers {
    /// The Python that has them.
    let python: String
    let jwks: String
    let token: String

    /// The seconds that a verification takes, for each library by its name.
    func measure(count: Int) throws -> [(name: String, seconds: Double)] {
        let process = Process()
        process.executableURL = URL(filePath: python)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "peers.py")
        process.arguments = [script.path(), jwks, token, "\(count)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw VerifierBenchmark.Failure.peers }
        return try text.split(separator: "\n").map { line in
            let parts = line.split(separator: " ").map(String.init)
            guard parts.count == 2, let seconds = Double(parts[1]) else { throw VerifierBenchmark.Failure.peers }
            return (parts[0].replacing("_", with: " "), seconds)
        }
    }
}
