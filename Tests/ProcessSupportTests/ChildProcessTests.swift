import Foundation
import ProcessSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ChildProcessTests {
    @Test(arguments: [("true", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", -9), ("kill -TERM $$", -15)])
    func tellsHowAProgramEnded(_ script: String, _ status: Int32) async throws {
        #expect(try await ChildProcess.run(["sh", "-c", script]).status == status)
    }

    @Test func givesBackMoreThanAPipeHolds() async throws {
        let text = String(repeating: "0123456789abcde\n", count: 65_536)
        let outcome = try await ChildProcess.run(["sh", "-c", "tee /dev/stderr"], input: text)
        #expect(outcome.status == 0)
        #expect(outcome.output == text)
        #expect(outcome.errors == text)
    }

    @Test func outputIsReadAsItComes() async throws {
        let (input, output) = (Pipe(), Pipe())
        let process = try ChildProcess(["cat"], input: input.fileHandleForReading, output: output.fileHandleForWriting)
        try input.fileHandleForReading.close()
        try output.fileHandleForWriting.close()
        for line in ["a\n", "b\n"] {
            try input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
            #expect(output.fileHandleForReading.availableData == Data(line.utf8))
            #expect(process.isRunning)
        }
        try input.fileHandleForWriting.close()
        #expect(output.fileHandleForReading.availableData.isEmpty)
        #expect(await process.exitStatus == 0)
        #expect(!process.isRunning)
    }

    @Test func runsWhereItIsToldWithWhatItIsGiven() async throws {
        let variables = ["PATH": "/usr/bin:/bin", "NAME": "a=b c"]
        let outcome = try await ChildProcess.run(
            ["sh", "-c", "pwd -P; env; echo $0 $1", "x  y", "z"], environment: variables, in: "/")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first == "/")
        #expect(lines.last == "x y z")
        #expect(lines.contains("NAME=a=b c"))
        #expect(!lines.contains { $0.hasPrefix("HOME=") })
        #expect(try await ChildProcess.run(["cat"]).output.isEmpty)
    }

    @Test func saysWhatIsMissing() async throws {
        for line in [["no-such-program"], ["/none/such"], ["/etc/passwd"], []] {
            let failure = await #expect(throws: ChildProcess.Failure.self) { try await ChildProcess.run(line) }
            let text = try #require(failure).description
            #expect(text.contains(line.first ?? "no program"), "\(text)")
        }
        let failure = await #expect(throws: ChildProcess.Failure.self) {
            try await ChildProcess.run(["true"], in: "/none/such")
        }
        #expect(failure?.description == "cannot run true: there is no folder /none/such")
    }

    @Test func isStoppedAndGoesOn() async throws {
        let (input, output) = (Pipe(), Pipe())
        let process = try ChildProcess(["cat"], input: input.fileHandleForReading, output: output.fileHandleForWriting)
        try input.fileHandleForReading.close()
        process.send(SIGSTOP)
        try input.fileHandleForWriting.write(contentsOf: Data("a".utf8))
        var descriptor = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
        let count = unsafe poll(&descriptor, 1, 100)
        #expect(count == 0)
        // It has not ended.
        #expect(process.isRunning)
        process.send(SIGCONT)
        #expect(output.fileHandleForReading.availableData == Data("a".utf8))
        process.send(SIGKILL)
        #expect(await process.exitStatus == -SIGKILL)
        // Nothing happens, to nobody.
        process.send(SIGKILL)
    }

    @Test func endsWithTheLastReference() async throws {
        var process: ChildProcess? = try ChildProcess(["sleep", "1000"])
        let id = try #require(process?.id)
        #expect(kill(id, 0) == 0)
        process = nil
        // Killed and waited for: a zombie would still take signals.
        while kill(id, 0) == 0 { await Task.yield() }
        #expect(kill(id, 0) == -1 && errno == ESRCH)
    }

    @Test func endsWithTheTaskThatWaitsForIt() async throws {
        let process = try ChildProcess(["sleep", "1000"])
        let task = Task { await process.exitStatus }
        task.cancel()
        #expect(await task.value == -SIGKILL)
    }

    @Test func inheritsNoDescriptorAndNoIgnoredSignal() async throws {
        // As a listening socket may be.
        let pipe = Pipe()
        let descriptor = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_DUPFD, 100)
        try #require(descriptor >= 100)
        defer { close(descriptor) }
        let script = "[ -e /dev/fd/2 ] && ! [ -e /dev/fd/\(descriptor) ]"
        #expect(try await ChildProcess.run(["sh", "-c", script]).status == 0)

        signal(SIGPIPE, SIG_IGN)
        #expect(try await ChildProcess.run(["sh", "-c", "kill -PIPE $$"]).status == -SIGPIPE)
    }

    /// Where Foundation's `Process` crashed: many starts at once, in a process with more descriptors than an `fd_set` has.
    @Test func manyRunAtOnceBesideManyDescriptors() async throws {
        try Self.allow(descriptors: 4_096)
        let null = try FileHandle(forReadingFrom: URL(filePath: "/dev/null"))
        var descriptors: [CInt] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for _ in 0..<1_200 {
            let descriptor = dup(null.fileDescriptor)
            try #require(descriptor >= 0)
            descriptors.append(descriptor)
        }
        try await withThrowingTaskGroup(of: (Int, ChildProcess.Outcome).self) { group in
            for number in 0..<300 {
                group.addTask { (number, try await ChildProcess.run(["sh", "-c", "echo \(number); exit 3"])) }
            }
            for try await (number, outcome) in group {
                #expect(outcome.output == "\(number)\n")
                #expect(outcome.status == 3)
            }
        }
    }

    /// Lets this process open so many files.
    private static func allow(descriptors: rlim_t) throws {
        #if canImport(Darwin)
        let resource = RLIMIT_NOFILE
        #else
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        var limit = rlimit()
        let isRead = unsafe getrlimit(resource, &limit) == 0
        try #require(isRead)
        guard limit.rlim_cur < descriptors else { return }
        limit.rlim_cur = descriptors
        let isSet = unsafe setrlimit(resource, &limit) == 0
        try #require(isSet, "this test needs more descriptors: ulimit -Hn \(descriptors)")
    }
}
