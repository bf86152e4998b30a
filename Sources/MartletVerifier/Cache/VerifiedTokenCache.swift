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
/// Two threads that want one token again and again would fight for its slot and for its reference count. So a token that
/// threads have met at often gets an entry for each thread, verified by itself.
///
/// A token leaves with ``removeAll(at:where:)``, when it expires, or for a newer one where its sets are full. A token that
/// was verified before such a removal and comes after it is not taken: see ``generation``.
///
/// - Note: `@unchecked`, because the slots are reached by pointers. All that is not atomic in a slot is touched under its
///   lock only.
@safe final class VerifiedTokenCache: @unchecked Sendable {
    /// How many slots a tag leads to: as many as tags fit into a line of the processor's cache.
    private static let ways = 8

    private let slotCount: Int
    private let setMask: UInt64
    /// What stands in the slots: 0 for nothing. To be found out without a look at the slot, and to be believed only
    /// with one.
    private let tags: UnsafeMutablePointer<Atomic<UInt64>>
    private let slots: UnsafeMutablePointer<Slot>
    /// The hashes of the sessions whose tokens stand in the slots, close together, so that the tokens of one are found
    /// among many without a look at each. 0 for none; to be believed only with a look at the slot.
    private let sessions: UnsafeMutablePointer<Atomic<UInt64>>
    /// Which slot of a full set is given up next.
    private let hand = Atomic<Int>(0)
    private let removals = Atomic<UInt64>(0)
    /// They keep a stranger from aiming at a set.
    private let keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    /// - Parameter capacity: how many tokens have to find room, at least one. There are twice as many slots and more,
    ///   and each tag leads to two sets, so that hardly a token is given up for another before.
    init(capacity: Int) {
        var sets = 1
        while sets * Self.ways < capacity * 2 { sets *= 2 }
        slotCount = sets * Self.ways
        setMask = UInt64(sets - 1)
        unsafe tags = .allocate(capacity: slotCount)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: slotCount * MemoryLayout<Slot>.stride, alignment: Self.lineBytes)
        unsafe slots = memory.bindMemory(to: Slot.self, capacity: slotCount)
        unsafe sessions = .allocate(capacity: slotCount)
        for index in 0..<slotCount {
            unsafe (tags + index).initialize(to: Atomic(0))
            unsafe (sessions + index).initialize(to: Atomic(0))
            unsafe (slots + index).initialize(to: Slot())
        }
    }

    deinit {
        for index in 0..<slotCount { unsafe slots[index].content.bytes?.deallocate() }
        unsafe tags.deinitialize(count: slotCount).deallocate()
        unsafe slots.deinitialize(count: slotCount).deallocate()
        unsafe sessions.deinitialize(count: slotCount).deallocate()
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
        guard let index = slot(with: tag) else { return nil }
        guard isFoughtFor(index) else {
            return unsafe token(in: index, for: text, at: now)
        }
        return unsafe ownToken(tag, for: text, at: now)
    }

    /// The entry of this thread.
    @inline(never)
    private func ownToken(_ tag: UInt64, for text: UnsafeBufferPointer<UInt8>, at now: Int64) -> VerifiedAccessToken? {
        guard let index = slot(with: ownTag(tag)) else { return nil }
        return unsafe token(in: index, for: text, at: now)
    }

    @inline(__always)
    private func slot(with tag: UInt64) -> Int? {
        let (first, second) = firstSlots(of: tag)
        for index in first..<first + Self.ways where unsafe tags[index].load(ordering: .relaxed) == tag { return index }
        for index in second..<second + Self.ways where unsafe tags[index].load(ordering: .relaxed) == tag {
            return index
        }
        return nil
    }

    @inline(__always)
    private func token(in index: Int, for text: UnsafeBufferPointer<UInt8>, at now: Int64) -> VerifiedAccessToken? {
        guard tryLock(index) else { return nil }
        defer { unlock(index) }
        // Not constant in time. Whoever measures it has to hit upon the tag first, which has a key.
        guard unsafe slots[index].content.count == text.count, unsafe slots[index].content.until > now,
            let bytes = unsafe slots[index].content.bytes, let start = text.baseAddress,
            unsafe memcmp(bytes, start, text.count) == 0
        else { return nil }
        return unsafe slots[index].content.token
    }

    // MARK: Inserting

    /// Changes with every removal. Read it before anything that makes a token good (the keys, the denylist), and give it
    /// to ``insert(_:for:until:generation:)``.
    var generation: UInt64 { removals.load(ordering: .sequentiallyConsistent) }

    /// Keeps a token, unless there was a removal since `generation`, which it may have slipped through.
    ///
    /// - Parameters:
    ///   - text: all bytes of the token.
    ///   - until: when it has expired, in milliseconds since 1970.
    func insert(_ token: VerifiedAccessToken, for text: String, until: Int64, generation: UInt64) {
        unsafe text.withBytes { unsafe insert(token, for: $0, until: until, generation: generation) }
    }

    private func insert(
        _ token: VerifiedAccessToken, for text: UnsafeBufferPointer<UInt8>, until: Int64, generation: UInt64
    ) {
        guard text.count >= Self.minimumBytes, let start = text.baseAddress else { return }
        var tag = unsafe tag(of: text)
        if let index = slot(with: tag), isFoughtFor(index) { tag = ownTag(tag) }
        let index = slot(for: tag)
        guard tryLock(index) else { return }
        let old = takeContent(of: index)
        // These first, the generation then; a removal does it the other way round. So one of the two sees the other, and
        // where both do, the removal waits for the lock and finds the token.
        unsafe sessions[index].store(Self.hash(ofSession: token.sessionID), ordering: .sequentiallyConsistent)
        unsafe tags[index].store(tag, ordering: .sequentiallyConsistent)
        if self.generation == generation {
            let bytes = UnsafeMutableRawPointer.allocate(byteCount: text.count, alignment: 16)
            unsafe bytes.copyMemory(from: start, byteCount: text.count)
            unsafe slots[index].content = Content(bytes: bytes, count: text.count, until: until, token: token)
        } else {
            unsafe tags[index].store(0, ordering: .relaxed)
            unsafe sessions[index].store(0, ordering: .relaxed)
        }
        unlock(index)
        unsafe old.bytes?.deallocate()
    }

    /// The slot that has this tag already, else an empty one, else one after the other.
    private func slot(for tag: UInt64) -> Int {
        if let index = slot(with: tag) { return index }
        let (first, second) = firstSlots(of: tag)
        for set in [first, second] {
            for index in set..<set + Self.ways where unsafe tags[index].load(ordering: .relaxed) == 0 { return index }
        }
        let turn = hand.wrappingAdd(1, ordering: .relaxed).oldValue
        return first + Int(UInt(bitPattern: turn) % UInt(Self.ways))
    }

    // MARK: Removing

    /// Takes out every token that has expired or is gone by this condition, in one pass. What is true by the condition
    /// has to be so already for whoever verifies a token from now on.
    func removeAll(at now: Int64, where isGone: (VerifiedAccessToken) -> Bool) {
        removals.wrappingAdd(1, ordering: .sequentiallyConsistent)
        for index in 0..<slotCount where unsafe tags[index].load(ordering: .sequentiallyConsistent) != 0 {
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
        lock(index)
        let (token, until) = unsafe (slots[index].content.token, slots[index].content.until)
        unlock(index)
        // Outside of the lock, since readers do not wait long. Whoever takes the slot meanwhile has seen the removal.
        guard let token, until <= now || isGone(token) else { return }
        remove(token, from: index)
    }

    private func remove(_ token: VerifiedAccessToken, from index: Int) {
        lock(index)
        guard unsafe slots[index].content.token == token else { return unlock(index) }
        let old = takeContent(of: index)
        unsafe tags[index].store(0, ordering: .relaxed)
        unsafe sessions[index].store(0, ordering: .relaxed)
        unlock(index)
        unsafe old.bytes?.deallocate()
    }

    /// How many tokens there are, roughly while others come and go.
    var count: Int {
        (0..<slotCount).count { unsafe tags[$0].load(ordering: .relaxed) != 0 }
    }

    // MARK: Slots

    /// What is read of a token for its tag. No token that was verified is shorter.
    private static let minimumBytes = 16

    /// The end of a signature is as good as random, and the keys keep it from being chosen.
    @inline(__always)
    private func tag(of text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(text)
        let left = unsafe bytes.loadUnaligned(fromByteOffset: text.count - 16, as: UInt64.self) ^ keys.0
        let right = unsafe bytes.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self) ^ keys.1
        let product = left.multipliedFullWidth(by: right)
        return (product.high ^ product.low) | 1
    }

    /// The tag of the entry that a token has for this thread.
    private func ownTag(_ tag: UInt64) -> UInt64 {
        #if canImport(Glibc)
        let thread = UInt64(pthread_self())
        #else
        let thread = unsafe UInt64(UInt(bitPattern: pthread_self()))
        #endif
        let product = (tag ^ thread).multipliedFullWidth(by: keys.0 | 1)
        return (product.high ^ product.low) | 1
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

    /// To be called under the lock.
    private func takeContent(of index: Int) -> Content {
        unsafe slots[index].meetings.store(0, ordering: .relaxed)
        let content = unsafe slots[index].content
        unsafe slots[index].content = Content()
        return content
    }

    /// More meetings than come about by chance, where many tokens are in use. Each entry for a thread takes room.
    private static let manyMeetings: UInt32 = 256

    /// Whether the token has, besides, an entry for each thread that asks for it.
    @inline(__always)
    private func isFoughtFor(_ index: Int) -> Bool {
        unsafe slots[index].meetings.load(ordering: .relaxed) >= Self.manyMeetings
    }

    /// Waits for a moment, in which whoever has the lock is done, unless it was put to sleep in the middle.
    @inline(__always)
    private func tryLock(_ index: Int) -> Bool {
        if unsafe !slots[index].isLocked.exchange(true, ordering: .acquiring) { return true }
        return tryLockAgain(index)
    }

    @inline(never)
    private func tryLockAgain(_ index: Int) -> Bool {
        unsafe slots[index].meetings.wrappingAdd(1, ordering: .relaxed)
        for _ in 0..<1_000
        where unsafe !slots[index].isLocked.load(ordering: .relaxed)
            && !slots[index].isLocked.exchange(true, ordering: .acquiring)
        {
            return true
        }
        return false
    }

    private func lock(_ index: Int) {
        while !tryLock(index) { sched_yield() }
    }

    @inline(__always)
    private func unlock(_ index: Int) {
        unsafe slots[index].isLocked.store(false, ordering: .releasing)
    }

    /// What a slot holds; whoever takes it out frees the bytes.
    @safe private struct Content {
        var bytes: UnsafeMutableRawPointer?
        var count = 0
        var until = Int64.min
        var token: VerifiedAccessToken?
    }

    /// Of the processor's cache.
    private static let lineBytes = 64

    /// It fills a line, so that to reach it costs one, and two threads meet in one only for the same token.
    private struct Slot: ~Copyable {
        let isLocked = Atomic<Bool>(false)
        /// How often one thread came while another had the lock.
        let meetings = Atomic<UInt32>(0)
        var content = Content()
        private let padding: InlineArray<3, UInt64> = InlineArray(repeating: 0)
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
