import MartletCore
import MartletProtocol
import Synchronization

/// The signed status lists, each made when it is asked for and kept for a moment.
///
/// A revocation is missed for ten seconds at most: one second here, one in a cache on the way, and eight at the verifier.
final class StatusListPublisher: Sendable {
    /// For how long who fetched a list may keep it: its claim `ttl`.
    static let timeToLive: Duration = .seconds(8)
    /// For how long caches on the way may keep it, in seconds.
    static let maxAge = 1
    /// For how long a list is good where it cannot be fetched again: its `exp`. More than clocks are apart.
    private static let lifetime: Duration = .seconds(120)
    /// For how long a list is handed out although something was revoked since, so that many revocations do not have it
    /// made once for each.
    private static let shortest: Duration = .seconds(1)
    /// For how long it is handed out while nothing was revoked.
    private static let longest: Duration = .seconds(4)
    /// How many are kept, of some 22 KB at most.
    private static let mostKept = 64

    /// Which state of storage a list shows, at least.
    private struct Version: Equatable {
        /// In the order of their beginning.
        let number: Int
        let madeAt: Timestamp
        let cursor: RevocationCursor

        func isGood(at now: Timestamp, _ cursor: RevocationCursor) -> Bool {
            // A clock that was set back makes a new one.
            guard madeAt <= now else { return false }
            return now - madeAt < (cursor == self.cursor ? StatusListPublisher.longest : StatusListPublisher.shortest)
        }
    }

    private typealias Work = Task<Result<PublishedDocument, AuthorityError>, Never>

    private struct State {
        var versions = 0
        var made: [Int64: (version: Version, document: PublishedDocument)] = [:]
        /// Apart, so that requests for lists that are not there push nothing out.
        var making: [Int64: (version: Version, work: Work)] = [:]
    }

    private enum Found {
        case document(PublishedDocument)
        case work(Work)
    }

    private let authority: Authority
    private let state = Mutex(State())

    init(authority: Authority) {
        self.authority = authority
    }

    /// How many lists were begun to be made.
    var madeCount: Int { state.withLock { $0.versions } }

    /// How many are kept.
    var keptCount: Int { state.withLock { $0.made.count } }

    /// A list, signed. Those who ask for it at the same time share the work.
    ///
    /// - Throws: `notFound` where there is no such list, `storageUnavailable`.
    func document(_ list: Int64) async throws(AuthorityError) -> PublishedDocument {
        let now = authority.clock.now
        let cursor = authority.revocations.cursor
        let found: Found = state.withLock { state in
            if let made = state.made[list], made.version.isGood(at: now, cursor) { return .document(made.document) }
            if let making = state.making[list], making.version.isGood(at: now, cursor) { return .work(making.work) }
            state.versions += 1
            // The cursor was read before storage is, so nothing up to it is missing.
            let version = Version(number: state.versions, madeAt: now, cursor: cursor)
            // A task of its own: whoever began it may go away while others wait for it.
            let work = Work { await self.make(list, version) }
            state.making[list] = (version, work)
            return .work(work)
        }
        switch found {
        case .document(let document): return document
        case .work(let work): return try await work.value.get()
        }
    }

    private func make(_ list: Int64, _ version: Version) async -> Result<PublishedDocument, AuthorityError> {
        let result: Result<PublishedDocument, AuthorityError>
        do throws(AuthorityError) {
            result = .success(try await signed(list, at: version.madeAt))
        } catch {
            result = .failure(error)
        }
        state.withLock { state in
            if state.making[list]?.version == version { state.making[list] = nil }
            guard case .success(let document) = result else { return }
            if let made = state.made[list], made.version.number > version.number { return }
            state.made[list] = (version, document)
            if state.made.count > Self.mostKept,
                let oldest = state.made.min(by: { $0.value.version.number < $1.value.version.number })
            {
                state.made[oldest.key] = nil
            }
        }
        return result
    }

    private func signed(_ list: Int64, at now: Timestamp) async throws(AuthorityError) -> PublishedDocument {
        let list = try await authority.statusList(list)
        let token = try authority.sign(
            list, compressedBits: Zlib.compress(list.bytes), madeAt: now, timeToLive: Self.timeToLive,
            lifetime: Self.lifetime)
        return PublishedDocument(Array(token.utf8))
    }
}
