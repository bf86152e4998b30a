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
        #expect(PasswordHasher.isOutdated(PasswordHash(text: text), Self.parameters))
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

    /// Slow enough that all of the others arrive while the first is computed.
    @Test func whatDoesNotFitInTheQueueIsRefusedAtOnce() async throws {
        let slow = PasswordParameters(memory: 16 * 1_024 * 1_024, iterations: 2)
        let hasher = try PasswordHasher(parameters: slow, threads: 1, queue: 2)
        let errors = try await withThrowingTaskGroup(of: AuthorityError?.self) { group in
            for _ in 0..<20 {
                group.addTask { try await refusal { _ = try await hasher.hash(Self.password) } }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let refused = errors.compactMap { $0 }
        #expect(refused.count >= 1)
        #expect(refused.count == 20 - hasher.computed)
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

    @Test func itsThreadsEndWithIt() async throws {
        weak let weakHasher: PasswordHasher?
        do {
            let hasher = try PasswordHasher(parameters: Self.parameters, threads: 2, queue: 0)
            _ = try await hasher.hash(Self.password)
            weakHasher = hasher
        }
        #expect(weakHasher == nil)
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
