import Hummingbird
import MartletCore
import MartletSQLite
import MartletServer
import NIOCore

/// A web app that signs its users in itself: Martlet's routes beside one of the app's own.
@main
struct MountedAuthority {
    static func main() async throws {
        let folder = try DataFolder(creatingAt: CommandLine.arguments.dropFirst().first ?? "app-data")
        // The key comes first: beside a database that is there already, a missing key is not made anew.
        let masterKey = try folder.masterKey()
        let storage = try await SQLiteStorage(path: folder.databasePath)
        let authority = try await Authority(
            settings: AuthoritySettings(issuer: "http://127.0.0.1:8080", signUp: .open),
            storage: storage, masterKey: masterKey
        )

        let router = Router(context: AppContext.self)
        AuthorityRoutes(authority: authority).add(to: router)
        router.get("hello") { request, _ in
            let requester = try await authority.requester(of: request)
            return "Hello, \(requester.user.username)!\n"
        }

        var app = Application(router: router)
        app.addServices(
            ChangeWatcher(authority: authority, logger: app.logger), Upkeep(authority: authority, logger: app.logger))
        try await app.runService()
        try await authority.events.flush()
        await storage.close()
    }
}

/// Tells Martlet where a request came from.
struct AppContext: ClientAddressContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
