import Foundation
import ProcessSupport
import Synchronization

/// A `martlet serve` on a port of its own, which runs until it is stopped.
final class MartletProcess: Sendable {
    /// Why it did not come up.
    struct Failure: Error, CustomStringConvertible {
        /// nil where it is still running.
        let status: Int32?
        let errors: String

        var description: String { "martlet serve: status \(status.map(String.init) ?? "none"): \(errors)" }
    }

    /// What it said after `ready: `.
    let url: String
    let data: String
    private let process: ChildProcess
    private let lines: LineReader
    private let errorPath: String

    /// The certificate of the local CA.
    var certificatePath: String { "\(data)/tls/ca.pem" }

    var processID: Int32 { process.id }

    /// What it wrote to standard output so far.
    var output: String { lines.text }

    /// What it wrote to standard error so far: its log.
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// Starts `martlet serve --listen localhost:0 --data DIR` and waits for its greeting.
    ///
    /// - Parameters:
    ///   - folder: where it is typed.
    ///   - data: the data folder; `martlet-data` in `folder` by default.
    ///   - listen: the address to listen on.
    ///   - arguments: more of them.
    /// - Throws: ``Failure`` where it ends before it is ready.
    init(
        in folder: TemporaryFolder, data: String? = nil, listen: String = "localhost:0", _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) async throws {
        let data = data ?? folder("martlet-data")
        let errorPath = try folder.write("\(UUID().uuidString).err", "")
        let pipe = Pipe()
        let process = try ChildProcess(
            [Martlet.path, "serve", "--listen", listen, "--data", data] + arguments,
            environment: Martlet.environment(in: folder, adding: environment), in: folder.path,
            output: pipe.fileHandleForWriting, errors: FileHandle(forWritingTo: URL(filePath: errorPath)))
        // Or this process keeps its own end of the pipe open, and the end is never seen.
        try pipe.fileHandleForWriting.close()
        let ready = Promise<String?>()
        let address = Mutex<String?>(nil)
        let lines = LineReader(pipe.fileHandleForReading) { line in
            if line.hasPrefix("ready: ") { address.withLock { $0 = String(line.dropFirst("ready: ".count)) } }
            // The last line of the greeting, so that tests find the whole of it.
            if line.hasPrefix("Stop: ") { ready.keep(address.withLock { $0 }) }
        } atEnd: {
            ready.keep(nil)
        }
        self.process = process
        self.lines = lines
        self.errorPath = errorPath
        self.data = data
        guard let url = await process.value(of: ready) else {
            let status = await process.exitStatus
            throw Failure(
                status: status, errors: (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "")
        }
        self.url = url
    }

    /// Asks it to stop and waits until it has.
    ///
    /// - Returns: its exit status; the negative number of the signal that ended it.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) async -> Int32 {
        process.send(signal)
        return await process.exitStatus
    }

    /// The exit status, once it has ended by itself.
    var exitStatus: Int32 {
        get async { await process.exitStatus }
    }
}

/// Reads a pipe line by line, until its end, on a thread of its own.
///
/// Not by `readabilityHandler`: its dispatch source outlives the file descriptor for a moment, and libdispatch's event
/// loop was seen to crash.
final class LineReader: Sendable {
    private let received = Mutex(Data())

    var text: String { String(decoding: received.withLock { $0 }, as: UTF8.self) }

    init(_ handle: FileHandle, line: @escaping @Sendable (String) -> Void, atEnd: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [weak self] in
            var rest = Data()
            while case let data = handle.availableData, !data.isEmpty {
                self?.received.withLock { $0.append(data) }
                rest.append(data)
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    line(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
            atEnd()
        }
    }
}
