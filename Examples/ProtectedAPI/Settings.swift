import Hummingbird

/// What the program was told, by arguments or by the environment. Arguments win.
struct Settings {
    var issuer: String
    var audience: String
    var certificateAuthorityFile: String?
    var clockSkew: Duration
    var host: String
    var port: Int

    static let usage = """
        usage: ProtectedAPI --issuer URL [--audience NAME] [--ca FILE] [--listen HOST:PORT] [--clock-skew SECONDS]

        --issuer      NOTES_ISSUER      the authority whose access tokens are accepted
        --audience    NOTES_AUDIENCE    what they must have in aud; default: the issuer
        --ca          NOTES_CA          a PEM file with the authority's CA; default: the system's
        --listen      NOTES_LISTEN      default: 127.0.0.1:8080; port 0 takes any that is free
        --clock-skew  NOTES_CLOCK_SKEW  how far clocks may be apart; default: 60
        """

    init(arguments: some Collection<String>, environment: Environment) throws(UsageError) {
        var given: [String: String] = [:]
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            guard ["--issuer", "--audience", "--ca", "--listen", "--clock-skew"].contains(argument) else {
                throw UsageError(message: "unknown argument \(argument)")
            }
            guard let value = rest.next() else { throw UsageError(message: "\(argument) needs a value") }
            given[argument] = value
        }

        guard let issuer = given["--issuer"] ?? environment.get("NOTES_ISSUER") else {
            throw UsageError(message: "--issuer is missing")
        }
        self.issuer = issuer
        self.audience = given["--audience"] ?? environment.get("NOTES_AUDIENCE") ?? issuer
        self.certificateAuthorityFile = given["--ca"] ?? environment.get("NOTES_CA")

        guard let skew = UInt32(given["--clock-skew"] ?? environment.get("NOTES_CLOCK_SKEW") ?? "60") else {
            throw UsageError(message: "--clock-skew must be a whole number of seconds")
        }
        self.clockSkew = .seconds(skew)

        let listen = given["--listen"] ?? environment.get("NOTES_LISTEN") ?? "127.0.0.1:8080"
        guard let colon = listen.lastIndex(of: ":"), colon > listen.startIndex,
            let port = UInt16(listen[listen.index(after: colon)...])
        else { throw UsageError(message: "--listen must be HOST:PORT") }
        self.host = String(listen[..<colon])
        self.port = Int(port)
    }
}

struct UsageError: Error, CustomStringConvertible {
    let message: String

    var description: String { "\(message)\n\n\(Settings.usage)" }
}
