import Dispatch
import MartletProtocol
import Synchronization
import Testing

@testable import MartletCore

#if canImport(Glibc)
import Glibc
#endif

struct PasswordHasherTests {
    static let parameters = PasswordParameters(memory: 8_192, iterations: 1)
    static let password = Password(checking: "correct horse")!

    @Test func checksWhatItMade() async throws {
        let hasher = try PasswordHasher(parameters: Self.parameters, threads: 1, queue: 1)
        let hash = try await hasher.hash(Self.password)
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(try await hasher.check(Self.password, against: hash) == .right(isOutdated: false))
        #expect(try await hasher.check(Password(checking: "Correct horse")!, against: hash) == .wrong)
        #expect(try await hasher.check(Self.password, against: nil) == .wrong)
        #expect(hasher.computed == 4)
    }

    /// The decoy is as much work as a real hash: libsodium reads it as one of these parameters.
    @Test(arguments: [parameters, PasswordParameters(), PasswordParameters(memory: 65_536, iterations: 3)])
    func theDecoyIsReadAsAHash(parameters: PasswordParameters) throws {
        for _ in 0..<100 {
            let hasher = try PasswordHasher(parameters: parameters, threads: 1, queue: 0)
            #expect(!PasswordHasher.isOutdated(hasher.decoy, parameters))
        }
    }

    @Test(arguments: ["", "$argon2id$", "plain", String(repeating: "x", count: 5_000), "$2b$12$abc"])
    func anUnreadableHashIsWrongAndOutdated(text: String) async throws {
        let hasher = try PasswordHasher(parameters: Self.parameters, threads: 1, queue: 0)
        #expect(try await hasher.check(Self.password, against: PasswordHash(text: text)) == .wrong)
        #expect(hasher.work == Self.parameters.work)
        #expect(PasswordHasher.isOutdated(PasswordHash(text: text), Self.parameters))
    }

    struct Growth: Sendable {
        let old: PasswordParameters
        let today: PasswordParameters
        /// What a wrong password takes, in KiB and passes.
        let work: UInt64

        init(_ old: (memory: Int, iterations: Int), _ today: (memory: Int, iterations: Int), work: UInt64) {
            self.old = PasswordParameters(memory: old.memory * 1_024, iterations: old.iterations)
            self.today = PasswordParameters(memory: today.memory * 1_024, iterations: today.iterations)
            self.work = work
        }
    }

    @Test(arguments: [
        Growth((64, 1), (64, 3), work: 64 + 42 * 3), Growth((8, 1), (16, 2), work: 32),
        Growth((64, 3), (32, 7), work: 192 + 8 * 7),
        // Nothing is left of the same parameters, of others that are as much, and of more.
        Growth((64, 3), (64, 3), work: 192), Growth((64, 3), (96, 2), work: 192),
        Growth((64, 4), (64, 3), work: 256),
    ])
    func aWrongPasswordTakesWhatIsLeftOfTodaysWork(growth: Growth) async throws {
        let past = try PasswordHasher(parameters: growth.old, threads: 1, queue: 0)
        let hash = try await past.hash(Self.password)
        #expect(past.work == growth.old.work)
        let wrong = try #require(Password(checking: "Correct horse"))

        var hasher = try PasswordHasher(parameters: growth.today, threads: 1, queue: 0)
        #expect(try await hasher.check(wrong, against: hash) == .wrong)
        #expect(hasher.work == growth.work)
        #expect(hasher.computed == 1)
        hasher = try PasswordHasher(parameters: growth.today, threads: 1, queue: 0)
        #expect(try await hasher.check(wrong, against: nil) == .wrong)
        #expect(hasher.work == growth.today.work)
        // The right one is followed by a hash of today's; where it is refused all the same, it takes what the wrong does.
        hasher = try PasswordHasher(parameters: growth.today, threads: 1, queue: 0)
        let right = PasswordCheck.right(isOutdated: growth.old != growth.today)
        #expect(try await hasher.check(Self.password, against: hash) == right)
        #expect(hasher.work == growth.old.work)
        hasher = try PasswordHasher(parameters: growth.today, threads: 1, queue: 0)
        #expect(try await hasher.check(Self.password, against: hash, isRefused: true) == right)
        #expect(hasher.work == growth.work)
    }

    @Test func readsWhatAHashWasMadeWith() async throws {
        for parameters in [Self.parameters, PasswordParameters(memory: 65_536, iterations: 3)] {
            let hasher = try PasswordHasher(parameters: parameters, threads: 1, queue: 0)
            #expect(PasswordParameters(of: try await hasher.hash(Self.password)) == parameters)
            #expect(PasswordParameters(of: hasher.decoy) == parameters)
        }
    }

    @Test(arguments: [
        ("$argon2id$", "$argon2i$"), ("v=19", "v=16"), ("v=19$", ""), ("m=8", "m=08"), ("m=8", "m=+8"), ("m=8", "m="),
        ("m=8", "m=7"), ("m=8", "m=4294967296"), ("t=1", "t=0"), ("t=1", "t=-1"), ("t=1", "t=1 "), ("p=1", "p=2"),
        ("m=8,t=1", "t=1,m=8"), (",p=1", ""), (",p=1", ",p=1,q=1"), ("$m", " $m"), ("p=1$", "p=1$!"),
    ])
    func readsNothingElse(part: String, other: String) throws {
        let hasher = try PasswordHasher(parameters: Self.parameters, threads: 1, queue: 0)
        let text = hasher.decoy.text
        #expect(text.contains(part))
        #expect(PasswordParameters(of: PasswordHash(text: text.replacing(part, with: other))) == nil)
        #expect(PasswordParameters(of: PasswordHash(text: "")) == nil)
    }

    #if canImport(Glibc)
    /// And who waits for a hash is not slowed by it.
    @Test func hashesLetOtherThreadsGoFirst() async throws {
        let hasher = try PasswordHasher(parameters: Self.parameters, threads: 1, queue: 0)
        let usual = getpriority(0, 0)
        #expect(try await hasher.run { getpriority(0, 0) } == max(usual, 10))
        #expect(getpriority(0, 0) == usual)
    }
    #endif

    @Test func whatDoesNotFitInTheQueueIsRefusedAtOnce() async throws {
        let measurements = AuthorityMeasurements()
        let hasher = try PasswordHasher(
            parameters: Self.parameters, threads: 1, queue: 2, measurements: measurements)
        // Keeps the one thread busy until all of the others have come.
        let gate = DispatchSemaphore(value: 0)
        let errors = try await withThrowingTaskGroup(of: AuthorityError?.self) { group in
            group.addTask {
                try await refusal { try await hasher.run { () throws(AuthorityError) in gate.wait() } }
            }
            while hasher.pending < 1 { await Task.yield() }
            for _ in 0..<20 {
                group.addTask { try await refusal { _ = try await hasher.hash(Self.password) } }
            }
            while hasher.pending + measurements.hashesRefused.value < 21 { await Task.yield() }
            gate.signal()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let refused = errors.compactMap { $0 }
        #expect(refused.count == 18)
        #expect(hasher.computed == 3)
        #expect(refused.allSatisfy { $0.code == .overloaded && $0.retryAfter == .seconds(1) })
        // Every place is free again.
        for _ in 0..<3 { _ = try await hasher.hash(Self.password) }
    }

    /// Whoever gives up does not keep a place in the queue, and what was begun is counted as done.
    @Test func cancellationLeaksNoPlace() async throws {
        let hasher = try PasswordHasher(parameters: Self.parameters, threads: 1, queue: 4)
        for _ in 0..<50 {
            let tasks = (0..<5).map { _ in Task { try? await hasher.hash(Self.password) } }
            for task in tasks { task.cancel() }
            for task in tasks { #expect(await task.value != nil) }
        }
        #expect(hasher.computed == 250)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                group.addTask { await #expect(throws: Never.self) { try await hasher.hash(Self.password) } }
            }
        }
    }

    @Test(.timeLimit(.minutes(10))) func itsThreadsEndWithIt() async throws {
        weak let weakHasher: PasswordHasher?
        do {
            let hasher = try PasswordHasher(parameters: Self.parameters, threads: 2, queue: 0)
            _ = try await hasher.hash(Self.password)
            weakHasher = hasher
        }
        // The thread that computed lets go of it a moment after the answer.
        while weakHasher != nil { await Task.yield() }
    }

    @Test func printsNoSecret() {
        for secret in [Self.password, PasswordHash(text: "$argon2id$secret")] as [any Sendable] {
            var dumped = ""
            dump(secret, to: &dumped)
            #expect("\(secret)" == "<redacted>")
            #expect(!dumped.contains("argon2id") && !dumped.contains("bytes"))
        }
    }
}
