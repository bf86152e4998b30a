import MartletJOSE
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Tokens that were verified before, by all of their bytes.
///
/// Two spellings of one token are two entries, and each was verified by itself. Whoever looks a token up waits for
/// nobody: a slot that another thread is in the middle of is, after a moment, taken for one without the token, which
/// then is verified once more. A look-up allocates nothing and writes to nothing but the one slot it finds.
///
/// Most of its time is spent on waiting for memory. So it goes to two places only: one line of the processor's cache, with
/// the tag, the lock and the reference, and the token itself, which has its text within.
///
/// Two threads that want one token again and again would fight for its slot and for its reference count. So a token that
/// threads have met at often gets an entry for each thread, verified by itself.
///
/// A token leaves with ``removeAll(at:where:)``, when it expires, or for a newer one where its sets are full. A token that
/// was verified before such a removal and comes after it is not taken: see ``generation``.
///
/// - Note: `@unchecked`, because the slots are reached by pointers. All that is not atomic in a slot is touched under its
///   lock only.
@safe final class VerifiedTokenCache: @unchecked Sendable {
    /// How many slots a tag leads to at once: as many tags and references as fit into a line of the processor's cache.
    private static let ways = 4
    private static let lineBytes = 64

    let slotCount: Int
    private let setMask: UInt64
    /// How much later than they say tokens expire, in milliseconds.
    private let clockSkew: Int64
    /// A line for each set: first the ``Word`` of each slot, then the token of each.
    private let lines: UnsafeMutableRawPointer
    /// The hashes of the sessions whose tokens stand in the slots, close together, so that the tokens of one are found
    /// among many without a look at each. 0 for none; to be believed only with a look at the slot.
    private let sessions: UnsafeMutablePointer<Atomic<UInt64>>
    /// How often one thread came to a slot while another had its lock.
    private let meetings: UnsafeMutablePointer<Atomic<UInt16>>
    /// Which slot of a full set is given up next.
    private let hand = Atomic<Int>(0)
    private let removals = Atomic<UInt64>(0)
    /// They keep a stranger from aiming at a set.
    private let keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    /// - Parameters:
    ///   - capacity: how many tokens have to find room, at least one. There are four times as many slots and more, and
    ///     each tag leads to two sets, so that hardly a token is given up for another before.
    ///   - clockSkew: how many seconds later than it says a token expires.
    init(capacity: Int, clockSkew: Int64) {
        var sets = 1
        while sets < capacity { sets *= 2 }
        slotCount = sets * Self.ways
        setMask = UInt64(sets - 1)
        self.clockSkew = min(clockSkew, 1 << 50) * 1_000
        unsafe lines = .allocate(byteCount: sets * Self.lineBytes, alignment: Self.lineBytes)
        unsafe sessions = .allocate(capacity: slotCount)
        unsafe meetings = .allocate(capacity: slotCount)
        for set in 0..<sets {
            let line = unsafe lines + set * Self.lineBytes
            let words = unsafe line.bindMemory(to: Atomic<UInt64>.self, capacity: Self.ways)
            for way in 0..<Self.ways { unsafe (words + way).initialize(to: Atomic(Word.empty)) }
            unsafe (line + Self.lineBytes / 2)
                .initializeMemory(as: KeptAccessToken?.self, repeating: nil, count: Self.ways)
        }
        for index in 0..<slotCount {
            unsafe (sessions + index).initialize(to: Atomic(0))
            unsafe (meetings + index).initialize(to: Atomic(0))
        }
    }

    deinit {
        for index in 0..<slotCount {
            unsafe kept(index).pointee?.release()
            unsafe word(index).deinitialize(count: 1)
        }
        unsafe lines.deallocate()
        unsafe sessions.deinitialize(count: slotCount).deallocate()
        unsafe meetings.deinitialize(count: slotCount).deallocate()
    }

    // MARK: Looking up

    /// - Parameters:
    ///   - text: the token as it came.
    ///   - now: milliseconds since 1970.
    @inline(__always)
    func token(for text: borrowing String, at now: Int64) -> VerifiedAccessToken? {
        #if canImport(Darwin)
        unsafe text.withBytes { unsafe token(for: $0, at: now) }
        #else
        // As above, and without a reference to the text, which two threads might have in common.
        unsafe text.utf8.span.withUnsafeBufferPointer { unsafe token(for: $0, at: now) }
        #endif
    }

    @inline(__always)
    private func token(for text: UnsafeBufferPointer<UInt8>, at now: Int64) -> VerifiedAccessToken? {
        guard text.count >= Self.minimumBytes else { return nil }
        let tag = unsafe tag(of: text)
        guard let (index, word) = find(tag) else { return nil }
        guard word == tag, exchange(index, tag, for: tag | Word.isLocked) else {
            return unsafe tokenThatIsMetAt(tag, for: text, at: now)
        }
        let token = unsafe kept(index).pointee?.token(for: text, expiringAfter: earliestExpiry(at: now))
        unlock(index, to: tag)
        return token
    }

    /// For a token that another thread is in the middle of, or that has an entry for this thread.
    @inline(never)
    private func tokenThatIsMetAt(
        _ tag: UInt64, for text: UnsafeBufferPointer<UInt8>, at now: Int64
    ) -> VerifiedAccessToken? {
        guard let (index, word) = find(tag) else { return nil }
        guard word & Word.isFoughtFor != 0 else {
            return unsafe token(tag, in: index, lockedAt: tryLockAgain(index), for: text, at: now)
        }
        let ownTag = ownTag(tag)
        guard let (ownIndex, _) = find(ownTag) else { return nil }
        return unsafe token(ownTag, in: ownIndex, lockedAt: tryLock(ownIndex), for: text, at: now)
    }

    /// - Parameter word: what ``tryLock(_:)`` gave for the slot, which may have another token by now.
    private func token(
        _ tag: UInt64, in index: Int, lockedAt word: UInt64?, for text: UnsafeBufferPointer<UInt8>, at now: Int64
    ) -> VerifiedAccessToken? {
        guard let word else { return nil }
        defer { unlock(index, to: word) }
        guard Word.isTag(tag, of: word) else { return nil }
        return unsafe kept(index).pointee?.token(for: text, expiringAfter: earliestExpiry(at: now))
    }

    /// A token is good if it expires later than this, in seconds since 1970 by what it says.
    @inline(__always)
    private func earliestExpiry(at now: Int64) -> Int64 {
        let time = now - clockSkew
        return (time < 0 ? time - 999 : time) / 1_000
    }

    // MARK: Inserting

    /// Changes with every removal. Read it before anything that makes a token good (the keys, the denylist), and give it
    /// to ``insert(_:generation:)``.
    var generation: UInt64 { removals.load(ordering: .sequentiallyConsistent) }

    /// Keeps a token, unless there was a removal since `generation`, which it may have slipped through.
    ///
    /// - Parameter token: one that has its text.
    func insert(_ token: VerifiedAccessToken, generation: UInt64) {
        guard let new = KeptAccessToken(retaining: token) else { return }
        guard var tag = unsafe new.withText({ unsafe $0.count >= Self.minimumBytes ? tag(of: $0) : nil }) else {
            return new.release()
        }
        if let (_, word) = find(tag), word & Word.isFoughtFor != 0 { tag = ownTag(tag) }
        let index = slot(for: tag)
        guard tryLock(index) != nil else { return new.release() }
        let old = unsafe kept(index).pointee
        unsafe meetings[index].store(0, ordering: .relaxed)
        // These first, the generation then; a removal does it the other way round. So one of the two sees the other, and
        // where both do, the removal waits for the lock and finds the token.
        unsafe sessions[index].store(Self.hash(ofSession: token.sessionID), ordering: .sequentiallyConsistent)
        unsafe word(index).pointee.store(tag | Word.isLocked, ordering: .sequentiallyConsistent)
        if self.generation == generation {
            unsafe kept(index).pointee = new
            unlock(index, to: tag)
        } else {
            empty(index)
            new.release()
        }
        old?.release()
    }

    /// The slot that has this tag already, else an empty one, else one after the other.
    private func slot(for tag: UInt64) -> Int {
        if let (index, _) = find(tag) { return index }
        let (first, second) = firstSlots(of: tag)
        for set in [first, second] {
            for index in set..<set + Self.ways where unsafe word(index).pointee.load(ordering: .relaxed) == Word.empty {
                return index
            }
        }
        let turn = hand.wrappingAdd(1, ordering: .relaxed).oldValue
        return first + Int(UInt(bitPattern: turn) % UInt(Self.ways))
    }

    // MARK: Removing

    /// Takes out every token that has expired or is gone by this condition, in one pass. What is true by the condition
    /// has to be so already for whoever verifies a token from now on.
    func removeAll(at now: Int64, where isGone: (VerifiedAccessToken) -> Bool) {
        removals.wrappingAdd(1, ordering: .sequentiallyConsistent)
        for index in 0..<slotCount
        where unsafe word(index).pointee.load(ordering: .sequentiallyConsistent) & Word.isTaken != 0 {
            remove(from: index, at: now, where: isGone)
        }
    }

    /// Takes out the tokens of these sessions that are gone by this condition, as ``removeAll(at:where:)`` does with all
    /// tokens, and those of them that have expired.
    func removeAll(ofSessions ids: [String], at now: Int64, where isGone: (VerifiedAccessToken) -> Bool) {
        removals.wrappingAdd(1, ordering: .sequentiallyConsistent)
        let hashes = Set(ids.map { Self.hash(ofSession: $0) })
        let only = hashes.count == 1 ? hashes.first : nil
        for index in 0..<slotCount {
            let hash = unsafe sessions[index].load(ordering: .sequentiallyConsistent)
            guard hash != 0, only.map({ $0 == hash }) ?? hashes.contains(hash) else { continue }
            remove(from: index, at: now, where: isGone)
        }
    }

    private func remove(from index: Int, at now: Int64, where isGone: (VerifiedAccessToken) -> Bool) {
        let word = lock(index)
        let token = unsafe kept(index).pointee?.token
        unlock(index, to: word)
        // Outside of the lock, since readers do not wait long. Whoever takes the slot meanwhile has seen the removal.
        guard let token, token.expiresAt <= earliestExpiry(at: now) || isGone(token) else { return }
        remove(token, from: index)
    }

    private func remove(_ token: VerifiedAccessToken, from index: Int) {
        let word = lock(index)
        guard let old = unsafe kept(index).pointee, old.isSame(as: token) else { return unlock(index, to: word) }
        empty(index)
        old.release()
    }

    /// How many tokens there are, roughly while others come and go.
    var count: Int {
        (0..<slotCount).count { unsafe word($0).pointee.load(ordering: .relaxed) & Word.isTaken != 0 }
    }

    // MARK: Tags

    /// What is read of a token for its tag. No token that was verified is shorter.
    private static let minimumBytes = 16

    /// The end of a signature is as good as random, and the keys keep it from being chosen.
    @inline(__always)
    private func tag(of text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(text)
        let left = unsafe bytes.loadUnaligned(fromByteOffset: text.count - 16, as: UInt64.self) ^ keys.0
        let right = unsafe bytes.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self) ^ keys.1
        let product = left.multipliedFullWidth(by: right)
        return Word.tag(product.high ^ product.low)
    }

    /// The tag of the entry that a token has for this thread.
    private func ownTag(_ tag: UInt64) -> UInt64 {
        #if canImport(Glibc)
        let thread = UInt64(pthread_self())
        #else
        let thread = unsafe UInt64(UInt(bitPattern: pthread_self()))
        #endif
        let product = (tag ^ thread).multipliedFullWidth(by: keys.0 | 1)
        return Word.tag(product.high ^ product.low)
    }

    /// Never 0 for a session.
    private static func hash(ofSession id: String?) -> UInt64 {
        id.map { UInt64(bitPattern: Int64($0.hashValue)) | 1 } ?? 0
    }

    /// Where the two sets begin that a tag leads to.
    @inline(__always)
    private func firstSlots(of tag: UInt64) -> (Int, Int) {
        (
            Int(truncatingIfNeeded: tag >> 8 & setMask) &* Self.ways,
            Int(truncatingIfNeeded: tag >> 36 & setMask) &* Self.ways
        )
    }

    /// The slot with this tag, and its word. To be believed only under the lock.
    @inline(__always)
    private func find(_ tag: UInt64) -> (index: Int, word: UInt64)? {
        let (first, second) = firstSlots(of: tag)
        return find(tag, inSetAt: first) ?? find(tag, inSetAt: second)
    }

    @inline(__always)
    private func find(_ tag: UInt64, inSetAt first: Int) -> (index: Int, word: UInt64)? {
        for index in first..<first &+ Self.ways {
            let word = unsafe word(index).pointee.load(ordering: .relaxed)
            if Word.isTag(tag, of: word) { return (index, word) }
        }
        return nil
    }

    // MARK: Slots

    /// What is known of a slot without its lock, and the lock: all in one, so that one exchange makes sure of the tag and
    /// takes the lock.
    private enum Word {
        static let empty: UInt64 = 0
        /// In each tag, so that none is empty.
        static let isTaken: UInt64 = 1
        /// Beside the tag, or beside nothing while a token is put into an empty slot.
        static let isLocked: UInt64 = 2
        /// Beside the tag of a token that has, besides, an entry for each thread that asks for it.
        static let isFoughtFor: UInt64 = 4

        @inline(__always)
        static func tag(_ hash: UInt64) -> UInt64 { hash & ~(isLocked | isFoughtFor) | isTaken }

        @inline(__always)
        static func isTag(_ tag: UInt64, of word: UInt64) -> Bool { (word ^ tag) & ~(isLocked | isFoughtFor) == 0 }
    }

    @inline(__always)
    private func line(of index: Int) -> UnsafeMutableRawPointer {
        unsafe lines + (index >> Self.ways.trailingZeroBitCount) &* Self.lineBytes
    }

    @inline(__always)
    private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe line(of: index).assumingMemoryBound(to: Atomic<UInt64>.self) + (index & (Self.ways - 1))
    }

    /// To be looked at under the lock.
    @inline(__always)
    private func kept(_ index: Int) -> UnsafeMutablePointer<KeptAccessToken?> {
        unsafe (line(of: index) + Self.lineBytes / 2).assumingMemoryBound(to: KeptAccessToken?.self)
            + (index & (Self.ways - 1))
    }

    /// To be called under the lock, which it gives back.
    private func empty(_ index: Int) {
        unsafe kept(index).pointee = nil
        unsafe sessions[index].store(0, ordering: .relaxed)
        unlock(index, to: Word.empty)
    }

    @inline(__always)
    private func exchange(_ index: Int, _ word: UInt64, for new: UInt64) -> Bool {
        unsafe self.word(index).pointee.compareExchange(expected: word, desired: new, ordering: .acquiring).exchanged
    }

    /// Waits for a moment, in which whoever has the lock is done, unless it was put to sleep in the middle.
    ///
    /// - Returns: what has to be there when the lock is given back, if nothing is changed.
    private func tryLock(_ index: Int) -> UInt64? {
        let word = unsafe word(index).pointee.load(ordering: .relaxed)
        if word & Word.isLocked == 0, exchange(index, word, for: word | Word.isLocked) { return word }
        return tryLockAgain(index)
    }

    /// More meetings than come about by chance, where many tokens are in use. Each entry for a thread takes room.
    private static let manyMeetings: UInt16 = 256

    @inline(never)
    private func tryLockAgain(_ index: Int) -> UInt64? {
        let count = unsafe meetings[index].wrappingAdd(1, ordering: .relaxed).newValue
        for _ in 0..<1_000 {
            let word = unsafe word(index).pointee.load(ordering: .relaxed)
            guard word & Word.isLocked == 0, exchange(index, word, for: word | Word.isLocked) else { continue }
            return count >= Self.manyMeetings && word != Word.empty ? word | Word.isFoughtFor : word
        }
        return nil
    }

    func lock(_ index: Int) -> UInt64 {
        while true {
            if let word = tryLock(index) { return word }
            sched_yield()
        }
    }

    /// - Parameter word: without the lock.
    @inline(__always)
    func unlock(_ index: Int, to word: UInt64) {
        unsafe self.word(index).pointee.store(word, ordering: .releasing)
    }
}

extension String {
    /// Lends the bytes; copies them first only where they are not contiguous already.
    @inline(__always)
    fileprivate func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = unsafe utf8.withContiguousStorageIfAvailable(body) { return result }
        return unsafe Array(utf8).withUnsafeBufferPointer(body)
    }
}
