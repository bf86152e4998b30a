import CSodium
import MartletProtocol
import NIOPosix
import Synchronization

/// Makes and checks Argon2id hashes on threads of its own, because one takes tens of milliseconds and tens of
/// megabytes.
///
/// The queue is bounded: what does not fit is refused at once with `overloaded`, so a flood of sign-ins costs a known
/// amount of memory and an honest user is told when to try again.
final class PasswordHasher: Sendable {
    private let parameters: PasswordParameters
    private let threads: NIOThreadPool
    private let capacity: Int
    private let pending = Mutex(0)
    /// Checked in place of the hash of a user who does not exist, so that both take the same work.
    private let decoy: PasswordHash

    /// - Parameters:
    ///   - threads: how many hashes are computed at a time.
    ///   - queue: how many more may wait.
    init(parameters: PasswordParameters, threads: Int, queue: Int) throws(AuthorityError) {
        guard sodium_init() >= 0 else {
            throw AuthorityError(.overloaded, detail: "libsodium found no source of randomness")
        }
        self.parameters = parameters
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.capacity = threads + queue
        var random = SystemRandomNumberGenerator()
        self.decoy = try Self.hash((0..<32).map { _ in UInt8.random(in: 1...255, using: &random) }, parameters)
        self.threads.start()
    }

    deinit {
        threads.shutdownGracefully { _ in }
    }

    func hash(_ password: Password) async throws(AuthorityError) -> PasswordHash {
        try await run { [parameters] in try Self.hash(password.bytes, parameters) }
    }

    /// Whether `password` is the one that `hash` was made of; where there is no hash, the same work and `wrong`.
    func check(_ password: Password, against hash: PasswordHash?) async throws(AuthorityError) -> PasswordCheck {
        try await run { [parameters, decoy] in
            let isRight = Self.matches(password.bytes, hash ?? decoy)
            guard let hash, isRight else { return .wrong }
            return .right(isOutdated: Self.isOutdated(hash, parameters))
        }
    }

    private func run<Answer: Sendable>(
        _ work: @escaping @Sendable () throws -> Answer
    ) async throws(AuthorityError) -> Answer {
        let isAdmitted = pending.withLock { pending in
            guard pending < capacity else { return false }
            pending += 1
            return true
        }
        guard isAdmitted else {
            throw AuthorityError(.overloaded, retryAfter: .seconds(1), detail: "the queue of password hashes is full")
        }
        defer { pending.withLock { $0 -= 1 } }
        do {
            return try await threads.runIfActive(work)
        } catch let error as AuthorityError {
            throw error
        } catch {
            throw AuthorityError(.overloaded, retryAfter: .seconds(1), detail: "password hashing stopped: \(error)")
        }
    }

    private static func hash(_ password: [UInt8], _ parameters: PasswordParameters) throws(AuthorityError) -> PasswordHash {
        var text = [CChar](repeating: 0, count: textLength)
        let password = password.map(CChar.init(bitPattern:))
        let status = unsafe crypto_pwhash_str_alg(
            &text, password, UInt64(password.count), UInt64(parameters.iterations), parameters.memory,
            crypto_pwhash_alg_argon2id13()
        )
        guard status == 0 else {
            throw AuthorityError(.overloaded, retryAfter: .seconds(1), detail: "no memory for a password hash")
        }
        return PasswordHash(text: String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    private static func matches(_ password: [UInt8], _ hash: PasswordHash) -> Bool {
        guard let text = padded(hash) else { return false }
        let password = password.map(CChar.init(bitPattern:))
        return unsafe crypto_pwhash_str_verify(text, password, UInt64(password.count)) == 0
    }

    private static func isOutdated(_ hash: PasswordHash, _ parameters: PasswordParameters) -> Bool {
        guard let text = padded(hash) else { return true }
        return unsafe crypto_pwhash_str_needs_rehash(text, UInt64(parameters.iterations), parameters.memory) != 0
    }

    private static var textLength: Int { Int(crypto_pwhash_strbytes()) }

    /// libsodium reads `crypto_pwhash_strbytes()` bytes, however short the text is.
    private static func padded(_ hash: PasswordHash) -> [CChar]? {
        let text = hash.text.utf8.map(CChar.init(bitPattern:))
        guard text.count < textLength else { return nil }
        return text + [CChar](repeating: 0, count: textLength - text.count)
    }
}

/// The outcome of checking a password.
enum PasswordCheck: Sendable, Hashable {
    case wrong
    /// `isOutdated`: the hash was made with parameters other than today's.
    case right(isOutdated: Bool)
}
