import ArgumentParser
import Logging
import MartletCore
import MartletSQLite
import MartletServer
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            With nothing configured: data in ./martlet-data, SQLite, HTTPS on https://localhost:8443 with a \
            certificate of a local CA. `martlet config show` lists what can be set.
            """
    )

    @OptionGroup var storage: StorageOptions
    @Option(help: ArgumentHelp("The address to listen on. (default: localhost:8443)", valueName: "host:port"))
    var listen: String?
    @Flag(name: .customLong("json"), help: "Log one JSON object a line, whatever log.format says.")
    var logsJSON = false
    @Option(
        help: ArgumentHelp(
            "How to go on with a database that was put back from a backup: end-sessions (everyone signs in again, and "
                + "nothing that was issued is valid any more) or keep.",
            valueName: "response"))
    var afterRestore: AfterRestore?

    func run() async throws {
        // Saves a hop between threads at each await; has to come before anything runs.
        _ = NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
        let configuration = try storage.loadedConfiguration(listen: listen).configuration
        var log = configuration.log
        if logsJSON { log.format = .json }
        LoggingSystem.bootstrap(log)
        let logger = Logger(label: "martlet")

        let folder = try DataFolder(creatingAt: configuration.data)
        let lock = try folder.lockForServing()
        defer { withExtendedLifetime(lock) {} }
        let tls = try tlsContext(configuration, folder, logger)
        let masterKey = try configuration.masterKey.flatMap { MasterKey(bytes: $0.bytes) } ?? folder.masterKey()
        let database = try await SQLiteStorage(
            path: folder.databasePath, options: .init(onRestore: afterRestore?.response ?? .refuse))
        await database.emptyWAL()
        if let afterRestore { StandardError.put(afterRestore.remark(on: database.restore)) }
        let served = await Result(catching: {
            let server = try await AuthorityServer(
                configuration, storage: database, masterKey: masterKey, tls: tls, logger: logger)
            // Nobody else serves this folder, so what one that was killed had under way need not wait.
            try await server.authority.releaseClaims()
            if let restore = database.restore, let afterRestore {
                server.authority.events.record(
                    EventRecord(
                        .storageRestored, at: Clock.system.now, count: restore.endedSessions, actor: "command",
                        detail: afterRestore.detail(on: restore)))
            }
            if database.restore != nil, afterRestore == .endSessions {
                // The backup may lack the newest key. Its id is used anew, so that tokens it made are found forged
                // and their holders sign in, rather than try again for ever.
                _ = try await server.authority.keys.rotate(.refreshTokenMAC)
            }
            let greeting = Greeting(
                server, folder: folder, configuration: configuration, options: storage,
                administratorLink: try await server.authority.makeAdministratorLink())
            try await ServiceGroup(
                services: [GreetingServer(server: server, greeting: greeting)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            ).run()
        })
        // What was accepted was answered; now it is on disk too.
        await database.close()
        try served.get()
    }

    private func tlsContext(
        _ configuration: ServerConfiguration, _ folder: DataFolder, _ logger: Logger
    ) throws -> TLSContext? {
        if configuration.plainHTTP { return nil }
        if let source = configuration.certificateFiles { return try TLSContext(source: source, logger: logger) }
        return try TLSContext(
            source: .localCA(LocalCertificateAuthority(folder: folder.tlsPath)), logger: logger)
    }
}

/// Says that it is ready once signals are heard: one that comes right after that is a graceful shutdown, too.
private struct GreetingServer: Service {
    let server: AuthorityServer
    let greeting: Greeting

    func run() async throws {
        greeting.print()
        try await server.run()
    }
}
