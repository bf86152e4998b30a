import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

/// Presents to a database on the test's own thread, with a disk of the test's, and notes what happens.
final class PresentationDesk: Sendable {
    let disk = HeldDisk()
    let walSync: WALSync?
    /// Who was answered what, in order.
    let answered = Mutex<[String]>([])
    private let storage: SQLiteStorage
    private let log = Log()

    /// What the checkpointer is told, in order: how many were written, and whether that is synced.
    private final class Log: Sendable {
        let commits = Mutex<[String]>([])
    }

    private let queue: PresentationQueue

    /// - Parameter syncsApart: false where SQLite syncs each commit by itself.
    init(_ storage: SQLiteStorage, syncsApart: Bool = true) {
        self.storage = storage
        walSync = syncsApart ? disk.walSync() : nil
        queue = PresentationQueue(
            perCommit: 256, durableWrites: storage.durableWrites, walSync: walSync
        ) { [log] written, isSynced in log.commits.withLock { $0.append("\(written) \(isSynced)") } }
    }

    var answers: [String] { answered.withLock { $0 } }
    var commits: [String] { log.commits.withLock { $0 } }

    struct Visit {
        let name: String
        let token: RefreshToken
        var now = Fixtures.start
        var durability = Durability.full
    }

    /// Makes presentations in one transaction. When this returns it is committed, or has failed.
    func present(_ visits: Visit...) throws {
        let drains = Mutex<[@Sendable (Database) -> Void]>([])
        for visit in visits {
            let presentation = Presentation(
                token: visit.token, client: .implied, delivery: .body, provenKey: nil)
            let waiting = PresentationQueue.Waiting(
                id: visit.token.session, presenter: Presenter(), now: visit.now, durability: visit.durability,
                denial: Fixtures.denial(at: visit.now),
                decide: { session in
                    RotationDecision(
                        on: presentation, for: session, clientIsPublic: true, policy: RotationPolicy(), now: visit.now)
                },
                answer: { [self] result in
                    let outcome =
                        switch result {
                        case .success(let presented): presented.decision.name
                        case .failure(let error): error.code.rawValue
                        }
                    answered.withLock { $0.append("\(visit.name): \(outcome)") }
                }
            )
            queue.add(waiting) { drain in
                drains.withLock { $0.append(drain) }
                return true
            }
        }
        let pool = try #require(storage.pool.withLock { $0 })
        // One, since those that come later join what waits already.
        let drain = try #require(drains.withLock { $0.count == 1 ? $0[0] : nil })
        pool.writeWithoutTransaction { drain($0) }
    }
}
