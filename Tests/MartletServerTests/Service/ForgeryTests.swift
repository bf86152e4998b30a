import Crypto
import Foundation
import MartletCore
import MartletProtocol
import MartletSQLite
import MartletTestKit
import Testing

struct ForgeryTests {
    /// Row 0 of the rule: what was not made here is refused from memory. `make bench` does it a million times.
    @Test func forgeriesCostNoAccessToStorage() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let storage = try await SQLiteStorage(path: folder.appending(path: "martlet.sqlite").path)
        let authority = try await Authority(
            settings: AuthoritySettings(issuer: "https://auth.example.com"), storage: storage, masterKey: MasterKey())
        let user = Fixtures.user()
        try await storage.insert(user)
        let client = try #require(try await authority.clients.client(ClientRegistration.firstPartyID))
        let (session, token) = try authority.newSession(
            of: user.id, client: client, delivery: .body, device: nil, presenter: Presenter(), at: Clock.system.now)
        #expect(try await storage.insert(session, userVersion: user.securityVersion))

        let key = SymmetricKey(size: .bits256)
        let before = storage.accesses
        for number in 0..<5_000 {
            // Right in all but the MAC.
            let forgery = RefreshToken(
                session: session.id, generation: token.generation, issuedAt: token.issuedAt, seed: token.seed,
                nonce: UInt64(number), parent: token.parent, keyID: token.keyID, key: key)
            let error = await #expect(throws: AuthorityError.self) {
                try await authority.renew(forgery.text, from: .implied)
            }
            #expect(error?.code == .refreshTokenInvalid)
        }
        #expect(storage.accesses == before)
        _ = try await authority.renew(token.text, from: .implied)
        #expect(storage.accesses == before + 1, "a renewal is one access")
        await storage.close()
    }
}
