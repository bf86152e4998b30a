import ArgumentParser
import Foundation
import MartletCore
import MartletProtocol
import MartletSQLite

/// Fills a database with sessions, and writes refresh tokens of some of them to files, a token to a
/// line.
struct Fill: AsyncParsableCommand {
    @Option(help: "The data folder. No server may use it.") var data: String
    @Option(help: "How many sessions to make.") var sessions: Int
    @Option(help: "How many of their tokens to write, spread over all of them.") var tokens: Int
    @Option(help: "The token files, FILE-1 and so on.") var output: String
    @Option(help: "How many token files.") var files = 2
    @Option(help: "How many sessions a user has.") var perUser = 2
    @Flag(help: "Record a sign-in of each session, and end a tenth of them, for a replay that is recorded.")
    var events = false

    func run() async throws {
        let opened = try await OpenedAuthority(data: data)
        guard let client = try await opened.authority.clients.client(ClientRegistration.firstPartyID) else {
            throw ValidationError("there is no built-in client")
        }
        var random = SecureRandom()
        var written = Array(repeating: [String](), count: files)
        let step = max(1, sessions / max(1, tokens))
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        for start in stride(from: 0, to: sessions, by: 10_000) {
            let now = Clock.system.now
            var users: [User] = []
            var rows: [Session] = []
            for number in start..<min(start + 10_000, sessions) {
                if number.isMultiple(of: perUser) {
                    let id = UserID(at: now, using: &random)
                    users.append(
                        User(
                            // Nobody signs in with this hash.
                            id: id, username: "user-\(id)", email: nil, roles: [],
                            passwordHash: PasswordHash(text: "$argon2id$v=19$m=19456,t=2,p=1$\(id)$\(id)"),
                            createdAt: now, passwordChangedAt: now))
                }
                var (session, token) = try opened.authority.newSession(
                    of: users[users.count - 1].id, client: client, delivery: .body, device: nil,
                    presenter: Presenter(address: "127.0.0.1", userAgent: agent), at: now)
                if events, number.isMultiple(of: 10) { session.end = SessionEnd(at: now, reason: .replayDetected) }
                rows.append(session)
                if number.isMultiple(of: step) { written[number / step % files].append(token.text) }
            }
            try await opened.storage.fill(users: users, sessions: rows)
            if events { try await record(rows, in: opened, at: now) }
        }
        await opened.storage.close()
        for (number, lines) in written.enumerated() {
            let text = lines.shuffled().joined(separator: "\n") + "\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(output)-\(number + 1)"))
        }
    }
    private func record(_ sessions: [Session], in opened: OpenedAuthority, at now: Timestamp) async throws {
        let presenter = Presenter(address: "127.0.0.1", userAgent: "Firefox/140.0")
        let records = sessions.map {
            EventRecord(
                $0.end == nil ? .signIn : .replay, at: now, user: $0.userID, session: $0.id, client: $0.clientID,
                presenter: presenter)
        }
        try await opened.storage.append(records, sealedWith: opened.eventKey)
    }
}
