public import MartletCore
import MartletProtocol

/// What every implementation of `Storage` has to do, as cases to run.
///
/// With Swift Testing:
/// ```swift
/// @Test(.timeLimit(.minutes(1)), arguments: StorageConformance.cases)
/// func conforms(_ test: StorageConformance.Case) async throws {
///     try await test.run(on: try await MyStorage(database: freshDatabase()))
/// }
/// ```
public enum StorageConformance {
    /// Every case. Each needs an empty storage of its own.
    public static let cases: [Case] =
        users + usersAndTheirSessions + sessions + presentations + races + sweeps + clients + keys + counter
        + revocations + statuses + events + pages + firstAdministrator + invitations + listings + outbox + deadLetters
        + webhooks

    /// One thing that a storage has to do.
    public struct Case: Sendable, CustomStringConvertible {
        /// What it has to do, as a sentence.
        public let name: String
        private let body: @Sendable (Subject) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (Subject) async throws -> Void) {
            self.name = name
            self.body = body
        }

        public var description: String { name }

        /// Runs the case.
        ///
        /// - Parameters:
        ///   - storage: an empty storage.
        ///   - other: another handle on the same data, as another process would have it; nil where the
        ///     implementation cannot give one.
        /// - Throws: `Failure`, which says what was expected, or the error of a call that should have succeeded.
        public func run(on storage: any Storage, and other: (any Storage)? = nil) async throws {
            try await body(Subject(storage: storage, other: other ?? storage))
        }
    }

    /// What a storage did wrong.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The storage that a case looks at.
    struct Subject: Sendable {
        let storage: any Storage
        let other: any Storage

        /// Both handles in turn, so that a race is one between processes, too.
        func handle(_ index: Int) -> any Storage {
            index.isMultiple(of: 2) ? storage : other
        }

        func addUser(_ username: String = "alice") async throws -> User {
            let user = Fixtures.user(username)
            try await storage.insert(user)
            return user
        }

        /// Signs in a user, a new one where none is given.
        func signIn(
            _ user: User? = nil, client: String = ClientRegistration.firstPartyID, bindingKey: String? = nil,
            at now: Timestamp = Fixtures.start
        ) async throws -> SessionFixture {
            let user = if let user { user } else { try await addUser() }
            let fixture = SessionFixture(of: user.id, client: client, bindingKey: bindingKey, at: now)
            try require(
                await storage.insert(fixture.session, userVersion: user.securityVersion),
                "a session of an enabled user was not inserted"
            )
            return fixture
        }

        /// The row of a session that has to be there.
        func row(_ id: SessionID) async throws -> Session {
            guard let session = try await storage.session(id) else { throw Failure(description: "a session is gone") }
            return session
        }
    }

    static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw Failure(description: message()) }
    }

    static func requireEqual<Value: Equatable>(_ actual: Value, _ expected: Value, _ what: String) throws {
        if actual != expected { throw Failure(description: "\(what): expected \(expected), found \(actual)") }
    }

    static func requireError(
        _ code: StorageError.Code, _ what: String, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as StorageError {
            return try requireEqual(error.code.rawValue, code.rawValue, what)
        }
        throw Failure(description: "\(what): expected the error \(code.rawValue), but it succeeded")
    }
}
