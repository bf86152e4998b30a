import ArgumentParser
import Foundation
import MartletCore
import MartletProtocol
import MartletSQLite
import Synchronization

/// Renews sessions in this process, without HTTP: by group commit and by one commit for each renewal, in turn.
struct Commits: AsyncParsableCommand {
    @Option(help: "A data folder with a user of the name `bench`. No server may use it.") var data: String
    @Option(help: "How many renew at a time.") var clients = 64
    @Option(help: "How long each measurement takes.") var seconds = 3

    func run() async throws {
        for durability in [Durability.relaxed, .full] {
            let group = try await renewals(durability, perCommit: 256)
            let single = try await renewals(durability, perCommit: 1)
            print("\(durability.rawValue) \(Int(group)) \(Int(single))")
        }
    }

    /// - Returns: renewals a second.
    private func renewals(_ durability: Durability, perCommit: Int) async throws -> Double {
        let opened = try await OpenedAuthority(
            data: data, durability: durability, options: .init(presentationsPerCommit: perCommit))
        let (authority, storage) = (opened.authority, opened.storage)
        let client = try await authority.clients.client(ClientRegistration.firstPartyID)
        let user = try await storage.user(named: UsernameKey("bench"))
        guard let client, let user else { throw ValidationError("there is no user `bench`") }
        let now = Clock.system.now
        let sessions = try (0..<clients).map { _ in
            try authority.newSession(
                of: user.id, client: client, delivery: .body, device: nil, presenter: Presenter(), at: now)
        }
        try await storage.fill(users: [], sessions: sessions.map(\.session))
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for session in sessions {
                group.addTask {
                    var token = session.token.text
                    var count = 0
                    while ContinuousClock.now < end {
                        token = try await authority.renew(token, from: .implied).refreshToken
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        let took = ContinuousClock.now - start
        await storage.close()
        return Double(count) / (took / .seconds(1))
    }
}
