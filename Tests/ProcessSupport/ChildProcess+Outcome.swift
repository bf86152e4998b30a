import Foundation

extension ChildProcess {
    /// What a run left behind.
    public struct Outcome: Sendable {
        /// The exit status; the negative number of the signal that ended it.
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - line: the program and its arguments, as for ``init(_:environment:in:input:output:errors:)``.
    ///   - input: what it reads from its standard input; nil for nothing.
    public static func run(
        _ line: [String], environment: [String: String]? = nil, in folder: String? = nil, input: String? = nil
    ) async throws -> Outcome {
        // Files, since a full pipe would stop a program that nobody reads yet.
        let (output, errors) = (try file(), try file())
        let process = try ChildProcess(
            line, environment: environment, in: folder, input: input.map { try file($0) }, output: output,
            errors: errors)
        let status = await process.exitStatus
        return Outcome(status: status, output: try text(of: output), errors: try text(of: errors))
    }

    /// A file that has no name any more.
    private static func file(_ text: String = "") throws -> FileHandle {
        let path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
            .path(percentEncoded: false)
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(description: unsafe "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        unsafe unlink(path)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        try file.seek(toOffset: 0)
        return file
    }

    private static func text(of file: FileHandle) throws -> String {
        try file.seek(toOffset: 0)
        return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }
}
