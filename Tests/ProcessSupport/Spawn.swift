import CSpawn
import Foundation

/// How a program is started.
struct Spawn {
    let line: [String]
    let environment: [String: String]
    let folder: String?
    /// Standard input, output and error; nil for `/dev/null`.
    let streams: (FileHandle?, FileHandle?, FileHandle?)

    /// - Returns: the id of the process.
    func run() throws(ChildProcess.Failure) -> Int32 {
        guard let program = line.first else { throw ChildProcess.Failure(description: "there is no program to run") }
        // Or the missing folder would be told as a missing program.
        if let folder, !FileManager.default.fileExists(atPath: folder) {
            throw ChildProcess.Failure(description: "cannot run \(program): there is no folder \(folder)")
        }
        var id: Int32 = 0
        let code = unsafe Self.withCStrings(line) { line in
            unsafe Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                unsafe martlet_spawn(
                    &id, line, environment, folder, streams.0?.fileDescriptor ?? -1, streams.1?.fileDescriptor ?? -1,
                    streams.2?.fileDescriptor ?? -1)
            }
        }
        withExtendedLifetime(streams) {}
        guard code == 0 else {
            throw ChildProcess.Failure(description: unsafe "cannot run \(program): \(String(cString: strerror(code)))")
        }
        return id
    }

    /// - Parameter body: gets a list that ends with NULL.
    private static func withCStrings(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        let list = unsafe strings.map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        return unsafe list.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
