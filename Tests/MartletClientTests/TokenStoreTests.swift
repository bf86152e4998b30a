import Foundation
import MartletProtocol
import Testing

@testable import MartletClient

/// What every store promises, and what the file store does besides.
struct TokenStoreTests {
    enum Kind: CaseIterable, Sendable {
        case memory, file
    }

    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/state/martlet/session.json"
    }

    private func store(_ kind: Kind) -> any TokenStore {
        kind == .memory ? MemoryTokenStore() : FileTokenStore(path: path)
    }

    private func write(_ text: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/state/martlet", withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    // MARK: Every store

    @Test(arguments: Kind.allCases)
    func storesAndClears(kind: Kind) async throws {
        let store = store(kind)
        #expect(try await store.load() == nil)
        let ada = session("t1")
        #expect(try await store.replace(if: .always, with: ada))
        #expect(try await store.load() == ada)
        #expect(try await store.replace(if: .always, with: nil))
        #expect(try await store.load() == nil)
        #expect(try await store.replace(if: .always, with: nil))
    }

    @Test(arguments: Kind.allCases)
    func comparesAndSets(kind: Kind) async throws {
        let store = store(kind)
        let ada = session("t1")
        var renewed = ada
        renewed.refreshToken = "t2"
        let other = session("s1")
        #expect(try await !store.replace(if: .holdsToken("t1"), with: ada))
        _ = try await store.replace(if: .always, with: ada)
        #expect(try await store.replace(if: .holdsToken("t1"), with: renewed))
        #expect(try await !store.replace(if: .holdsToken("t1"), with: other))
        #expect(try await !store.replace(if: .holdsToken("t1"), with: nil))
        #expect(try await !store.replace(if: .holdsSession(other.user.session), with: nil))
        #expect(try await store.load() == renewed)
        #expect(try await store.replace(if: .holdsSession(ada.user.session), with: nil))
        #expect(try await store.load() == nil)
    }

    /// Many tasks compare and set at once: each step succeeds for exactly one of them.
    @Test(arguments: Kind.allCases)
    func racesHaveOneWinner(kind: Kind) async throws {
        let shared = store(kind)
        let handles = (0..<8).map { _ in kind == .memory ? shared : FileTokenStore(path: path) }
        let ada = session("0")
        _ = try await shared.replace(if: .always, with: ada)
        for step in 0..<20 {
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for store in handles {
                    var next = ada
                    next.refreshToken = "\(step + 1)"
                    group.addTask { [next] in
                        try await store.replace(if: .holdsToken("\(step)"), with: next)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
        #expect(try await shared.load()?.refreshToken == "20")
    }

    @Test(arguments: Kind.allCases)
    func leasesAreExclusiveAndTimeOut(kind: Kind) async throws {
        let shared = store(kind)
        let other = kind == .memory ? shared : FileTokenStore(path: path)
        let lease = try #require(await shared.lease(timeout: .zero))
        #expect(try await other.lease(timeout: .milliseconds(20)) == nil)
        // A change does not need the lease: sign-ins do not wait for renewals.
        #expect(try await other.replace(if: .always, with: session("t1")))
        lease.release()
        lease.release()
        let second = try #require(await other.lease(timeout: .seconds(5)))
        #expect(try await shared.lease(timeout: .zero) == nil)
        second.release()
    }

    @Test(arguments: Kind.allCases)
    func aDroppedLeaseIsGivenBack(kind: Kind) async throws {
        let store = store(kind)
        do {
            let lease = try #require(await store.lease(timeout: .zero))
            _ = lease
        }
        #expect(try await store.lease(timeout: .seconds(5)) != nil)
    }

    // MARK: The file

    @Test func fileAndFolderAreForTheOwnerOnly() async throws {
        _ = try await FileTokenStore(path: path).replace(if: .always, with: session("t1"))
        #expect(try folder.mode("state") == 0o700)
        #expect(try folder.mode("state/martlet") == 0o700)
        #expect(try folder.mode("state/martlet/session.json") == 0o600)
    }

    @Test func anOpenFileIsClosedToOthers() async throws {
        let store = FileTokenStore(path: path)
        _ = try await store.replace(if: .always, with: session("t1"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(try await store.load() != nil)
        #expect(try folder.mode("state/martlet/session.json") == 0o600)
    }

    @Test func aChangeLeavesNothingElseBehind() async throws {
        let store = FileTokenStore(path: path)
        // A crash in the middle of a change has left this.
        _ = try await store.replace(if: .always, with: session("t1"))
        try "half".write(toFile: path + ".new", atomically: false, encoding: .utf8)
        _ = try await store.replace(if: .always, with: session("t2"))
        #expect(try await store.load()?.refreshToken == "t2")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/state/martlet")
        #expect(names.sorted() == ["session.json", "session.json.lock"])
    }

    @Test(arguments: ["", "{", "null", #"{"version":1}"#, #"{"version":0}"#, #"{"version":"1"}"#, "\u{0}\u{0}"])
    func aDamagedFileIsKeptAsideAndTold(text: String) async throws {
        try write(text)
        let store = FileTokenStore(path: path)
        let error = await #expect(throws: MartletClientError.self) { try await store.load() }
        #expect(error?.code == .storeCorrupt)
        #expect(error?.message.contains(path + ".corrupt-1") == true)
        #expect(try String(contentsOfFile: path + ".corrupt-1", encoding: .utf8) == text)
        #expect(try await store.load() == nil)
        // A second one does not take the first one's place.
        try write("again")
        await #expect(throws: MartletClientError(.storeCorrupt, "")) { try await store.load() }
        #expect(try String(contentsOfFile: path + ".corrupt-1", encoding: .utf8) == text)
        #expect(try String(contentsOfFile: path + ".corrupt-2", encoding: .utf8) == "again")
    }

    @Test func halfAFileIsKeptAside() async throws {
        let whole = String(decoding: session("t1").encoded(), as: UTF8.self)
        try write(String(whole.prefix(whole.count / 2)))
        await #expect(throws: MartletClientError(.storeCorrupt, "")) { try await FileTokenStore(path: path).load() }
    }

    @Test func aSignInGoesOnOverADamagedFile() async throws {
        try write("damaged")
        let store = FileTokenStore(path: path)
        #expect(try await store.replace(if: .always, with: session("t1")))
        #expect(try await store.load()?.refreshToken == "t1")
        #expect(try String(contentsOfFile: path + ".corrupt-1", encoding: .utf8) == "damaged")
    }

    @Test func aNewerFormatIsLeftAlone() async throws {
        try write(#"{"version":2,"secret":"x"}"#)
        let store = FileTokenStore(path: path)
        await #expect(throws: MartletClientError(.storeTooNew, "")) { try await store.load() }
        await #expect(throws: MartletClientError(.storeTooNew, "")) {
            try await store.replace(if: .always, with: session("t1"))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == #"{"version":2,"secret":"x"}"#)
    }

    @Test func aFolderThatCannotBeMadeIsAClearError() async throws {
        try "a file".write(toFile: folder.path + "/state", atomically: false, encoding: .utf8)
        let store = FileTokenStore(path: path)
        let error = await #expect(throws: MartletClientError.self) {
            try await store.replace(if: .always, with: session("t1"))
        }
        #expect(error?.code == .storeUnavailable)
        #expect(error?.message.contains(folder.path) == true)
    }

    @Test func printsNoToken() {
        let session = session("secret")
        var dumped = ""
        dump(session, to: &dumped)
        #expect(!dumped.contains("secret") && !"\(session)".contains("secret"))
        #expect(!"\(StoreCondition.holdsToken("secret"))".contains("secret"))
    }

    private func session(_ token: String) -> SavedSession {
        var random = SecureRandom()
        let now = Timestamp(seconds: 0)
        return SavedSession(
            refreshToken: token,
            user: SignedInUser(
                id: UserID(at: now, using: &random), username: "ada", session: SessionID(at: now, using: &random)),
            server: "https://as", client: "first-party")
    }
}
