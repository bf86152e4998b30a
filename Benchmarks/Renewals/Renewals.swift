import ArgumentParser
import MartletCore
import MartletSQLite
import MartletServer

/// What `run.py` cannot do from outside of the server.
@main
struct Renewals: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-bench", subcommands: [Fill.self, Commits.self, Forgeries.self])
}

/// An authority on a data folder, as `martlet serve` opens it.
struct OpenedAuthority {
    let authority: Authority
    let storage: SQLiteStorage
    let eventKey: EventKey

    init(data: String, durability: Durability = .relaxed, options: SQLiteStorage.Options = .init()) async throws {
        let folder = try DataFolder(creatingAt: data)
        let masterKey = try folder.masterKey()
        eventKey = EventKey(masterKey)
        storage = try await SQLiteStorage(path: folder.databasePath, options: options)
        var settings = AuthoritySettings(issuer: "https://localhost", durability: durability)
        // One that renews as fast as it can is no honest client.
        settings.rateLimits.isEnabled = false
        authority = try await Authority(settings: settings, storage: storage, masterKey: masterKey)
    }
}
