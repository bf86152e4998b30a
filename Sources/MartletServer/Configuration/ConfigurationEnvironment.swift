/// Reads the `MARTLET_…` variables.
struct ConfigurationEnvironment {
    /// Names the configuration file, where the command line does not.
    static let configurationFile = "MARTLET_CONFIG"

    private(set) var settings: [ConfigurationSetting] = []
    private(set) var problems: [ConfigurationProblem] = []

    init(_ environment: [String: String]) {
        var known: Set<String> = [Self.configurationFile]
        for key in ConfigurationKey.all {
            let name = key.environmentName
            known.insert(name)
            let value = environment[name]
            if let value {
                settings.append(.init(key: key, text: value, origin: .environment(name)))
            }
            if let fileName = key.environmentFileName {
                known.insert(fileName)
                if let path = environment[fileName] {
                    read(path, for: key, variable: fileName, isRepeated: value != nil)
                }
            }
        }
        for name in environment.keys.sorted() where name.hasPrefix("MARTLET_") && !known.contains(name) {
            guard !Self.isServiceLink(name) else { continue }
            let suggestion =
                closest(to: name, among: known.sorted()).map { "Did you mean \($0)?" }
                ?? "docs/configuration.md has them all."
            problems.append(.init(origin: .environment(name), message: "there is no such variable. \(suggestion)"))
        }
    }

    private mutating func read(_ path: String, for key: ConfigurationKey, variable: String, isRepeated: Bool) {
        if isRepeated {
            problems.append(
                .init(
                    origin: .environment(variable),
                    message: "\(key.environmentName) is set too. Keep one of the two."
                )
            )
            return
        }
        do throws(UnreadableFile) {
            let text = try configurationText(at: path)
            let secret = String(text.reversed().drop(while: \.isNewline).reversed())
            settings.append(.init(key: key, text: secret, origin: .secretFile(path, variable: variable)))
        } catch {
            problems.append(.init(origin: .environment(variable), message: error.message))
        }
    }

    /// Whether it is one of the variables that Kubernetes and Docker links set in every container beside a service
    /// named `martlet`: `MARTLET_SERVICE_HOST`, `MARTLET_PORT`, `MARTLET_PORT_8443_TCP_ADDR`.
    static func isServiceLink(_ name: String) -> Bool {
        if name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.hasSuffix("_PORT") { return true }
        return ["_TCP", "_UDP", "_SCTP"].contains { name.contains($0) } && name.contains("_PORT_")
    }
}
