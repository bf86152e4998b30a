import MartletCore
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

    /// - Parameters:
    ///   - options: what `serve` was told; the commands in the greeting are told the same.
    ///   - administratorLink: what makes the first administrator; nil where there is one.
    init(
        _ server: AuthorityServer, folder: DataFolder, configuration: ServerConfiguration, options: StorageOptions,
        administratorLink: PageCookie?
    ) {
        let scheme = configuration.plainHTTP ? "http" : "https"
        let url = "\(scheme)://\(server.address)"
        let hasUsualData = configuration.data == ServerConfiguration().data
        var storage = ""
        if let file = options.configurationPath {
            storage += " --config \(file)"
            if let data = options.dataPath { storage += " --data \(data)" }
        } else if !hasUsualData {
            storage += " --data \(configuration.data)"
        }
        // `login` finds the local CA by itself only in the usual folder, and only for a server on this machine.
        let hasLocalCertificate = !configuration.plainHTTP && configuration.tls.certificate == nil
        let isFound = hasUsualData && configuration.issuer == nil
        let ca = hasLocalCertificate && !isFound ? " --ca \(folder.authorityCertificatePath)" : ""
        let metrics = server.managementAddress.map { ["Metrics:     http://\($0)/metrics"] } ?? []
        // Whoever has the link becomes administrator, so it goes to the terminal, and into no log.
        let first = administratorLink.map { link in
            [
                "Make the first administrator, in a browser (works once, for an hour):",
                "             \(configuration.issuer ?? url)\(link.firstAdministratorPath)",
            ]
        }
        lines =
            [
                "ready: \(url)",
                "",
            ] + (first ?? []) + [
                "Add a user:  martlet user add alice\(storage)",
                "Sign in:     martlet login --server \(configuration.issuer ?? url)\(ca) --user alice",
            ] + metrics + ["Stop:        Ctrl-C"]
    }

    func print() {
        // One write, so that who waits for the first line finds the rest beside it.
        Swift.print(lines.joined(separator: "\n"))
        fflush(nil)
    }
}
