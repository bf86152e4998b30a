import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Run the server.")

    @OptionGroup var storage: StorageOptions
    @Option(help: ArgumentHelp("The address to listen on. (default: localhost:8443)", valueName: "host:port"))
    var listen: String?

    func run() async throws {
        throw CommandFailure("serve is not part of this build.")
    }
}
