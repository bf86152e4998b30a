import MartletClient

/// One process of the chaos run (`docs/chaos.md`): many clients of the SDK, each of which renews as fast as it can, and
/// tells on standard output what it was told. It runs until it is killed or its standard input ends.
@main
struct ChaosClient {
    static func main() async throws {
        guard let settings = Settings(arguments: CommandLine.arguments.dropFirst()), let password = readLine() else {
            return print(Settings.usage)
        }
        await withTaskGroup { group in
            for name in settings.leaders {
                group.addTask { await Renewing(name, settings, password: password).goOn() }
            }
            for name in settings.followers {
                group.addTask { await Renewing(name, settings, password: nil).goOn() }
            }
            group.addTask {
                // Blocks its thread: it waits for whoever started this process to end.
                while readLine() != nil {}
            }
            await group.next()
            group.cancelAll()
        }
    }
}
