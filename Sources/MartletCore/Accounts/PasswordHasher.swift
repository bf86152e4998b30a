import CSodium
import MartletJOSE
import MartletProtocol
import NIOPosix
import Synchronization

/// Makes and checks Argon2id hashes on threads of its own, because one takes tens of milliseconds and tens of
/// megabytes.
///
/// The queue is bounded: what does not fit is refused at once with `overloaded`, so a flood of sign-ins costs a known
/// amount of memory and an honest user is told when to try again.
final class PasswordHasher: Sendable {
    /// What waits for a thread, and who is counted with it.
    private struct Waiting {
        let work: Work
        let known: UInt64?
        /// How many came before.
        let number: Int
    }

    private struct Load {
        var pending = 0
        var computed = 0
        var work: UInt64 = 0
        /// What waits, in order, by standing.
        var waiting: [[Waiting]] = Array(repeating: [], count: SignInStanding.allCases.count)
        /// How many of a name are computed or wait as ``SignInStanding/known``.
        var known: [UInt64: Int] = [:]
        private var arrived = 0
        private var taken = 0

        mutating func append(_ work: @escaping Work, of standing: SignInStanding, known: UInt64?) {
            waiting[standing.rawValue].append(Waiting(work: work, known: known, number: arrived))
            arrived += 1
        }

        /// The first of those with the best standing; at every eighth turn, the one that has waited longest. Else as many
        /// of a better standing as there is work for would have the others wait for ever.
        mutating func next() -> Waiting? {
            taken += 1
            let standing =
                taken.isMultiple(of: PasswordHasher.turnsOfStanding)
                ? waiting.indices.filter { !waiting[$0].isEmpty }.min { waiting[$0][0].number < waiting[$1][0].number }
                : waiting.lastIndex { !$0.isEmpty }
            return standing.map { waiting[$0].removeFirst() }
        }
    }

    private typealias Work = @Sendable (NIOThreadPool.WorkItemState, _ known: UInt64?) -> Void

    /// After so many turns, less one, whoever has waited longest is next.
    static let turnsOfStanding = 8

    /// More of one name are strangers, however well it is known: one user has no need of the whole queue.
    static let mostKnownOfAName = 4

    private let parameters: PasswordParameters
    private let threads: NIOThreadPool
    private let threadCount: Int
    private let queue: Int
    private let load = Mutex(Load())
    private let measurements: AuthorityMeasurements
    /// Checked in place of the hash of a user who does not exist, so that both take the same work.
    let decoy: PasswordHash

    /// - Parameters:
    ///   - threads: how many hashes are computed at a time.
    ///   - queue: how many more may wait.
    init(
        parameters: PasswordParameters, threads: Int, queue: Int, measurements: AuthorityMeasurements = .init()
    ) throws(AuthorityError) {
        guard sodium_init() >= 0 else {
            throw AuthorityError(.overloaded, detail: "libsodium found no source of randomness")
        }
        self.parameters = parameters
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.threadCount = threads
        self.queue = queue
        self.measurements = measurements
        self.decoy = Self.decoy(parameters)
        self.threads.start()
    }

    deinit {
        // Nothing waits any more: whoever waits holds the hasher.
        threads.shutdownGracefully { _ in }
    }

    /// How many hashes were computed, to make one or to check one.
    var computed: Int { load.withLock { $0.computed } }

    /// What all of these took, in ``PasswordParameters/work``.
    var work: UInt64 { load.withLock { $0.work } }

    /// How many are computed or wait for it.
    var pending: Int { load.withLock { $0.pending } }

    /// Whether one more has to wait.
    var isPressed: Bool { pending >= threadCount }

    func hash(
        _ password: Password, of standing: SignInStanding = .known, for name: UInt64? = nil
    ) async throws(AuthorityError) -> PasswordHash {
        try await run(of: standing, for: name) { [self] () throws(AuthorityError) in
            try compute(password.bytes, parameters)
        }
    }

    /// Whether `password` is the one that `hash` was made of; where there is no hash, the same work and `wrong`.
    ///
    /// A hash that was made when hashes were cheaper would tell by its time that the user exists. So a refusal takes
    /// what is left of today's work, too; who is let in has it taken by the new hash.
    ///
    /// - Parameters:
    ///   - standing: of whoever sent it. Those with more are computed first, but for one in eight, and may take more of
    ///     the queue, so that a flood of strangers leaves some of it to those who are known.
    ///   - name: whose password it is to be, as a key of the limits; nil for an operator.
    ///   - isRefused: whether the user is refused with the right password, too.
    func check(
        _ password: Password, against hash: PasswordHash?, of standing: SignInStanding = .known,
        for name: UInt64? = nil, isRefused: Bool = false
    ) async throws(AuthorityError) -> PasswordCheck {
        try await run(of: standing, for: name) { [self] in
            let checked = hash ?? decoy
            let spent = PasswordParameters(of: checked)
            let isRight = matches(password.bytes, checked, spent)
            if !isRight || isRefused, let rest = parameters.rest(after: spent) {
                // Only its work is wanted.
                _ = try? compute(password.bytes, rest)
            }
            guard let hash, isRight else { return .wrong }
            return .right(isOutdated: Self.isOutdated(hash, parameters))
        }
    }

    /// Runs work on one of the threads. It does not heed cancellation: work that was admitted is done, and its place
    /// in the queue is free only then.
    func run<Answer: Sendable>(
        of standing: SignInStanding = .known, for name: UInt64? = nil,
        _ work: @escaping @Sendable () throws(AuthorityError) -> Answer
    ) async throws(AuthorityError) -> Answer {
        let queued = ContinuousClock.now
        let result: Result<Answer, AuthorityError> = await withCheckedContinuation { continuation in
            let isAdmitted = admit(of: standing, for: name) { [self] state, known in
                switch state {
                case .active:
                    // Renewals and checks go first: a flood of wrong passwords takes what they leave.
                    lowerPriorityOfThread()
                    let begun = ContinuousClock.now
                    measurements.hashWaits.record(begun - queued)
                    let result = Result { () throws(AuthorityError) in try work() }
                    measurements.hashes.record(since: begun)
                    isDone(known)
                    continuation.resume(returning: result)
                case .cancelled:
                    let stopped = AuthorityError(
                        .overloaded, retryAfter: .seconds(1), detail: "the threads for password hashes have stopped")
                    isDone(known)
                    continuation.resume(returning: .failure(stopped))
                }
            }
            guard !isAdmitted else { return }
            let full = AuthorityError(
                .overloaded, retryAfter: .seconds(1), detail: "the queue of password hashes is full")
            continuation.resume(returning: .failure(full))
        }
        return try result.get()
    }

    /// How many may be computed or wait when one more of this standing comes: half of the queue is kept for those who
    /// were here before, and another quarter for those whose name nobody attacks.
    private func capacity(for standing: SignInStanding) -> Int {
        switch standing {
        case .known: threadCount + queue
        case .stranger: threadCount + (queue + 1) / 2
        case .underAttack: threadCount + (queue + 3) / 4
        }
    }

    /// - Returns: false where there is no room.
    private func admit(
        of standing: SignInStanding, for name: UInt64?,
        _ work: @escaping Work
    ) -> Bool {
        let isAdmitted = load.withLock { load in
            var (standing, known) = (standing, standing == .known ? name : nil)
            if let name = known, load.known[name, default: 0] >= Self.mostKnownOfAName {
                (standing, known) = (.stranger, nil)
            }
            guard load.pending < capacity(for: standing) else { return false }
            load.pending += 1
            if let known { load.known[known, default: 0] += 1 }
            load.append(work, of: standing, known: known)
            return true
        }
        guard isAdmitted else {
            measurements.hashesRefused.add()
            return false
        }
        measurements.hashesPending.add(1)
        // As often as there is something that waits, and whoever is free takes what comes first.
        threads.submit { state in
            guard let next = self.load.withLock({ $0.next() }) else { return }
            next.work(state, next.known)
        }
        return true
    }

    private func isDone(_ known: UInt64?) {
        measurements.hashesPending.add(-1)
        load.withLock { load in
            load.pending -= 1
            load.computed += 1
            guard let known, let count = load.known[known] else { return }
            load.known[known] = count > 1 ? count - 1 : nil
        }
    }

    private func count(_ parameters: PasswordParameters?) {
        guard let parameters else { return }
        load.withLock { $0.work &+= parameters.work }
    }

    private func compute(_ password: [UInt8], _ parameters: PasswordParameters) throws(AuthorityError) -> PasswordHash {
        count(parameters)
        var text = [CChar](repeating: 0, count: Self.textLength)
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

    /// - Parameter spent: what the hash was made with; nil where libsodium reads none.
    private func matches(_ password: [UInt8], _ hash: PasswordHash, _ spent: PasswordParameters?) -> Bool {
        guard let text = Self.padded(hash) else { return false }
        count(spent)
        let password = password.map(CChar.init(bitPattern:))
        return unsafe crypto_pwhash_str_verify(text, password, UInt64(password.count)) == 0
    }

    /// Whether the hash was made with parameters other than these, or is none that libsodium reads.
    static func isOutdated(_ hash: PasswordHash, _ parameters: PasswordParameters) -> Bool {
        guard let text = padded(hash) else { return true }
        return unsafe crypto_pwhash_str_needs_rehash(text, UInt64(parameters.iterations), parameters.memory) != 0
    }

    /// A hash of these parameters that no password is known to have: random bytes in place of salt and hash. Written
    /// down rather than computed, since a start has no time for a hash.
    private static func decoy(_ parameters: PasswordParameters) -> PasswordHash {
        var random = SecureRandom()
        func base64(_ count: Int) -> String {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            return String(Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        }
        let costs = "m=\(parameters.memory / 1_024),t=\(parameters.iterations),p=1"
        return PasswordHash(text: "$argon2id$v=19$\(costs)$\(base64(16))$\(base64(32))")
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
