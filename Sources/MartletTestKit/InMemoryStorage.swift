public import MartletCore
import MartletProtocol
import Synchronization

/// Storage that forgets everything with its process. It passes the same conformance suite as the real ones.
public final class InMemoryStorage: Storage {
    struct State {
        var users: [UserID: User] = [:]
        var sessions: [SessionID: Session] = [:]
        var statusIndices: [SessionID: Int64] = [:]
        var nextStatusIndex: Int64 = 0
        var clients: [String: ClientRegistration] = [:]
        var keys: [KeyRecord] = []
        var changes: Int64 = 0
        var revocations: [StoredRevocation] = []
        var newestRevocation = RevocationCursor(epoch: "memory\(UInt64.random(in: 0...(.max)))", number: 0)
        var accessLifetime: (longest: Duration, namedAt: Timestamp)?
        var events: [StoredEvent] = []
        var eventChain = EventChain()
        var eventCounts: [EventCount] = []
        var pageCookies: [[UInt8]: SessionID] = [:]
        var administratorLinks: [[UInt8]: Timestamp] = [:]
        var invitations: [[UInt8]: Invitation] = [:]
        var destinations: [NoticeDestination: Destination] = [:]
        var newestClaim: Int64 = 0
        var outbox: [OutboxMessage] = []
        var webhooks: [WebhookID: WebhookEndpoint] = [:]
        var failure: StorageError?
    }

    private let state = Mutex(State())

    public init() {}

    /// Lets every call fail until this is called with nil: a database that is away, full or locked.
    public func fail(with error: StorageError?) {
        state.withLock { $0.failure = error }
    }

    func access<Value: Sendable>(
        _ body: (inout State) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            do throws(StorageError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    public func changes() async throws(StorageError) -> StorageChanges {
        try access { StorageChanges(counter: $0.changes, newestRevocation: $0.newestRevocation) }
    }
}

extension InMemoryStorage.State {
    /// Ends the selected sessions that have not ended, and denies their access tokens.
    mutating func end(_ selection: SessionSelection, _ end: SessionEnd, _ denial: Denial) -> [SessionID] {
        let selected = sessions.values.filter { session in
            guard session.end == nil else { return false }
            return switch selection {
            case .session(let id): session.id == id
            case .user(let user, let kept): session.userID == user && session.id != kept
            case .client(let client): session.clientID == client
            case .madeBefore(let time): session.id.uuid.timestamp < time
            case .all: true
            }
        }
        for session in selected { sessions[session.id]?.end = end }
        deny(selected, selection, end.reason, denial)
        return selected.map(\.id)
    }
}
