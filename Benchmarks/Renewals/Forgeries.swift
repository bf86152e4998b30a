import ArgumentParser
import Crypto
import Foundation
import MartletCore
import MartletProtocol
import MartletSQLite

/// Presents forgeries: tokens of a real session, right in every way but made with another MAC key.
struct Forgeries: AsyncParsableCommand {
    @Option(help: "A data folder with a user of the name `bench`. No server may use it.") var data: String
    @Option(help: "How many.") var count = 1_000_000

    func run() async throws {
        let opened = try await OpenedAuthority(data: data)
        let (authority, storage) = (opened.authority, opened.storage)
        let client = try await authority.clients.client(ClientRegistration.firstPartyID)
        let user = try await storage.user(named: UsernameKey("bench"))
        guard let client, let user else { throw ValidationError("there is no user `bench`") }
        let now = Clock.system.now
        let (session, token) = try authority.newSession(
            of: user.id, client: client, delivery: .body, device: nil, presenter: Presenter(), at: now)
        try await storage.fill(users: [], sessions: [session])
        let key = SymmetricKey(size: .bits256)
        let before = storage.accesses
        let start = ContinuousClock.now
        var refused = 0
        for number in 0..<count {
            let forgery = RefreshToken(
                session: session.id, generation: token.generation, issuedAt: token.issuedAt, seed: token.seed,
                nonce: UInt64(number), parent: token.parent, keyID: token.keyID, key: key)
            do throws(AuthorityError) {
                _ = try await authority.renew(forgery.text, from: .implied)
            } catch {
                if error.code == .refreshTokenInvalid { refused += 1 }
            }
        }
        let took = ContinuousClock.now - start
        print("\(refused) \(storage.accesses - before) \(Int(Double(count) / (took / .seconds(1))))")
        // The counter counts: the real token is one access.
        _ = try await authority.renew(token.text, from: .implied)
        guard storage.accesses > before else { throw ValidationError("the counter of storage accesses stands still") }
        await storage.close()
    }
}
