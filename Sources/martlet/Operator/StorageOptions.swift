import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletSQLite
import MartletServer

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Where the server's data is.
struct StorageOptions: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp(
            "The server's data folder. (default: ./martlet-data, or the configuration's)", valueName: "dir"))
    var dataPath: String?

    @Option(name: .customLong("config"), help: ArgumentHelp("The server's configuration file.", valueName: "file"))
    var configurationPath: String?

    /// - Parameter listen: the option of the same name, of the command that has it.
    func loadedConfiguration(listen: String? = nil) throws(ConfigurationError) -> LoadedConfiguration {
        var overrides: [String: String] = [:]
        overrides["data"] = dataPath
        overrides["listen"] = listen
        return try LoadedConfiguration(
            file: configurationPath, environment: ProcessInfo.processInfo.environment, overrides: overrides)
    }

    /// Opens the authority on its data, does something with it and closes it again.
    ///
    /// - Parameters:
    ///   - makingFolder: whether the data folder may be new, as before the server's first start.
    ///   - onlyReading: whether it also looks at a database that was put back from a backup.
    func withAuthority<Answer>(
        makingFolder: Bool = false, onlyReading: Bool = false, _ work: (Authority) async throws -> Answer
    ) async throws -> Answer {
        let configuration = try loadedConfiguration().configuration
        let folder: DataFolder
        if makingFolder {
            folder = try DataFolder(creatingAt: configuration.data)
            // It is easily typed in the wrong place; then no server would know of what is added here.
            if !folder.hasDatabase {
                StandardError.put("note: the folder \(folder.path.printable) had no database; a new one is made.\n")
            }
        } else {
            folder = try DataFolder(openingAt: configuration.data)
            guard folder.hasDatabase else {
                throw CommandFailure(
                    "There is no database in the folder \(folder.path). `martlet serve` makes one at its first start; "
                        + "--data names another folder.")
            }
        }
        let masterKey = try configuration.masterKey.flatMap { MasterKey(bytes: $0.bytes) } ?? folder.masterKey()
        let storage = try await SQLiteStorage(
            path: folder.databasePath, options: .init(readers: 1, onRestore: onlyReading ? .onlyRead : .refuse))
        if let restore = storage.restore { StandardError.put("warning: \("\(restore)".printable)\n") }
        let answer = await Result(catching: {
            let authority = try await Authority(
                settings: settings(configuration, keys: storage.keys()), storage: storage, masterKey: masterKey)
            let answer = await Result(catching: { try await work(authority) })
            await flushEvents(of: authority)
            return try answer.get()
        })
        await storage.close()
        return try answer.get()
    }

    /// What was done is done, so where it cannot be recorded that is said, and no failure of the command.
    private func flushEvents(of authority: Authority) async {
        do throws(AuthorityError) {
            try await authority.events.flush()
        } catch {
            StandardError.put("warning: what this command did could not be recorded: \("\(error)".printable)\n")
        }
    }

    /// The configured settings, but for the upkeep of keys: that is the server's. A command that was not told of the
    /// server's configuration would follow keys that are in order by others.
    private func settings(_ configuration: ServerConfiguration, keys: [KeyRecord]) -> AuthoritySettings {
        var settings = configuration.authoritySettings(port: configuration.listen.port)
        settings.passwordThreads = 1
        settings.events.actor = "command"
        let schedule = KeySchedule(keys.filter { $0.kind == .signing })
        if let newest = schedule.newest(at: Clock.system.now) ?? schedule.records.last,
            let algorithm = SignatureAlgorithm(rawValue: newest.algorithm)
        {
            settings.keys.algorithm = algorithm
            settings.keys.rotateAfter = .seconds(1_000 * 365 * 86_400)
        }
        return settings
    }
}
