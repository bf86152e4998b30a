public import Foundation

/// A program that runs beside a test, and is killed with the last reference to it.
///
/// It gets its three standard streams and no other descriptor of this process, no signal that this process ignores or
/// holds back, and no terminal of its own. Not Foundation's `Process`: docs/decisions.md says why.
public final class ChildProcess: Sendable {
    /// Why a program was not started.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let id: Int32
    private let life: Life

    /// - Parameters:
    ///   - line: the program, which is looked for in this process's `PATH` unless it has a slash, and its arguments.
    ///   - environment: all of its variables; nil for those of this process.
    ///   - folder: where it is run; nil for where this process is.
    ///   - input: its standard input; nil for `/dev/null`.
    ///   - output: its standard output; nil for `/dev/null`. The end of a pipe is this process's to close.
    ///   - errors: its standard error, likewise.
    /// - Throws: ``Failure`` where there is no such program or folder, or it cannot be run.
    public init(
        _ line: [String], environment: [String: String]? = nil, in folder: String? = nil,
        input: FileHandle? = nil, output: FileHandle? = nil, errors: FileHandle? = nil
    ) throws(Failure) {
        id = try Spawn(
            line: line, environment: environment ?? ProcessInfo.processInfo.environment, folder: folder,
            streams: (input, output, errors)
        ).run()
        life = Life(id)
    }

    deinit {
        // Nothing that a test started outlives it, also where the test failed.
        send(SIGKILL)
    }

    public var isRunning: Bool { life.isRunning }

    /// Sends a signal; where the program has ended, nothing.
    public func send(_ signal: Int32) {
        life.send(signal)
    }

    /// The exit status, once it has ended; the negative number of the signal that ended it.
    public var exitStatus: Int32 {
        get async { await value(of: life.ended) }
    }

    /// Waits for something that this program does. A test that is cancelled, as by its time limit, ends the program, so
    /// that no test waits for ever.
    public func value<Value>(of promise: Promise<Value>) async -> Value {
        // Or the last reference may go meanwhile, and the program be killed with it.
        defer { withExtendedLifetime(self) {} }
        return await withTaskCancellationHandler {
            await promise.value
        } onCancel: {
            send(SIGKILL)
        }
    }
}
