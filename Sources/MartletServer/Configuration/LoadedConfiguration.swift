import MartletCore

/// A configuration, and where each of its values came from.
public struct LoadedConfiguration: Sendable {
    public let configuration: ServerConfiguration
    private let origins: [String: ConfigurationOrigin]

    /// Reads the file, then the variables, then the command line's options; the later wins.
    ///
    /// - Parameters:
    ///   - file: the YAML file; nil for the one that `MARTLET_CONFIG` names, if any.
    ///   - environment: all variables of the process; those named `MARTLET_…` are read.
    ///   - overrides: values by the names of their keys, from options of the same names.
    /// - Throws: everything that is wrong with any of them.
    public init(
        file: String? = nil, environment: [String: String], overrides: [String: String] = [:]
    ) throws(ConfigurationError) {
        var settings: [ConfigurationSetting] = []
        var problems: [ConfigurationProblem] = []

        if let path = file ?? environment[ConfigurationEnvironment.configurationFile] {
            do throws(UnreadableFile) {
                let contents = ConfigurationFile(path: path, text: try configurationText(at: path))
                settings += contents.settings
                problems += contents.problems
            } catch {
                let origin: ConfigurationOrigin =
                    file == nil ? .environment(ConfigurationEnvironment.configurationFile) : .option("config")
                problems.append(.init(origin: origin, message: error.message))
            }
        }
        let variables = ConfigurationEnvironment(environment)
        settings += variables.settings
        problems += variables.problems
        for (name, text) in overrides.sorted(by: { $0.key < $1.key }) {
            if let key = ConfigurationKey.byName[name] {
                settings.append(.init(key: key, text: text, origin: .option(name)))
            } else {
                problems.append(.init(origin: .option(name), message: "there is no key \(name)."))
            }
        }

        var configuration = ServerConfiguration()
        var origins: [String: ConfigurationOrigin] = [:]
        var unread: Set<String> = []
        for setting in settings {
            let key = setting.key
            do throws(ConfigurationMismatch) {
                try key.set(setting.texts, &configuration)
                origins[key.name] = setting.origins[0]
                unread.remove(key.name)
            } catch {
                unread.insert(key.name)
                // A secret is not repeated, not even a wrong one.
                let subject = key.isSecret ? key.name : "\(key.name) is \(quoted(setting.texts[error.index])). It"
                let hint = error.hint.map { " \($0)" } ?? ""
                problems.append(
                    .init(
                        origin: setting.origins[error.index],
                        message: "\(subject) has to be \(key.expectation).\(hint)")
                )
            }
        }
        for check in ConfigurationCheck.all where unread.isDisjoint(with: check.keys) {
            guard let message = check.problem(configuration) else { continue }
            let origin = check.keys.lazy.compactMap { origins[$0] }.first ?? .default
            problems.append(.init(origin: origin, message: message))
        }

        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        self.configuration = configuration
        self.origins = origins
    }
}

extension LoadedConfiguration {
    /// Where the value of a key comes from.
    func origin(of key: String) -> ConfigurationOrigin { origins[key] ?? .default }
}

extension ServerConfiguration {
    /// Reads the file, then the variables, then the command line's options; the later wins.
    ///
    /// - Parameters:
    ///   - file: the YAML file; nil for the one that `MARTLET_CONFIG` names, if any.
    ///   - environment: all variables of the process; those named `MARTLET_…` are read.
    ///   - overrides: values by the names of their keys, from options of the same names.
    /// - Throws: everything that is wrong with any of them.
    public static func load(
        file: String? = nil, environment: [String: String], overrides: [String: String] = [:]
    ) throws(ConfigurationError) -> ServerConfiguration {
        try LoadedConfiguration(file: file, environment: environment, overrides: overrides).configuration
    }
}

extension LoadedConfiguration {
    /// A line of `config show`.
    public struct Entry: Sendable, Hashable {
        public let name: String
        /// The value in force as the file would have it, secrets as `<redacted>`; nil where there is none.
        public let value: String?
        /// Where it came from: `martlet.yaml:3:9`, `MARTLET_LISTEN`, `--listen`, `default`, `profile banking`.
        public let origin: String
    }

    /// The values in force, in the order of `ConfigurationKey.all`.
    public var entries: [Entry] {
        ConfigurationKey.all.map { key in
            let texts = key.get(configuration)
            let value = key.isList ? "[\(texts.joined(separator: ", "))]" : texts.first
            let origin = origins[key.name]?.description
            switch key.defaultValue {
            case .profile:
                return Entry(
                    name: key.name, value: value, origin: origin ?? "profile \(configuration.profile.rawValue)"
                )
            case .described(let text) where origin == nil && value == nil:
                return Entry(name: key.name, value: nil, origin: "default: \(text)")
            case .initial, .described:
                return Entry(name: key.name, value: value, origin: origin ?? "default")
            }
        }
    }
}

/// A text in quotes, cut to a length that fits a message, without control characters.
private func quoted(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
    return "\"" + String(String.UnicodeScalarView(shown)) + (text.unicodeScalars.count > 60 ? "…" : "") + "\""
}
