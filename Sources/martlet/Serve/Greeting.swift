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
            storage += " --config \(Self.word(file))"
            if let data = options.dataPath { storage += " --data \(Self.word(data))" }
        } else if !hasUsualData {
            storage += " --data \(Self.word(configuration.data))"
        }
        // `login` finds the local CA by itself only in the usual folder, and only for a server on this machine.
        let hasLocalCertificate = !configuration.plainHTTP && configuration.tls.certificate == nil
        let isFound = hasUsualData && configuration.issuer == nil
        let ca = hasLocalCertificate && !isFound ? " --ca \(Self.word(folder.authorityCertificatePath))" : ""
        let metrics = server.managementAddress.map { ["Metrics:     http://\($0)/metrics"] } ?? []
        // As it was called, since it need not be in the PATH.
        let martlet = Self.word(CommandLine.arguments.first ?? "martlet")
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
                "Add a user:  \(martlet) user add alice\(storage)",
                "Sign in:     \(martlet) login --server \(configuration.issuer ?? url)\(ca) --user alice",
            ] + metrics + ["Stop:        Ctrl-C"]
    }

    func print() {
        // One write, so that who waits for the first line finds the rest beside it.
        Swift.print(lines.joined(separator: "\n"))
        fflush(nil)
    }

    /// What a POSIX shell reads as one word.
    private static func word(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "%+,-./:@_".utf8.contains(byte)
            }
        }
        return isPlain ? text : "'\(text.replacing("'", with: #"'\''"#))'"
    }
}
