import MartletServer

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What `serve` prints once it is ready: the one line that scripts wait for, and what to try next.
struct Greeting {
    private let lines: [String]

    init(_ server: AuthorityServer, folder: DataFolder, configuration: ServerConfiguration) {
        let scheme = configuration.plainHTTP ? "http" : "https"
        let url = "\(scheme)://\(server.address)"
        let data = configuration.data == ServerConfiguration().data ? "" : " --data \(configuration.data)"
        lines = [
            "ready: \(url)",
            "",
            "Add a user:  martlet user add alice\(data)",
            "Sign in:     martlet login --server \(url) --user alice",
            "Stop:        Ctrl-C",
        ]
    }

    func print() {
        // One write, so that who waits for the first line finds the rest beside it.
        Swift.print(lines.joined(separator: "\n"))
        fflush(nil)
    }
}
