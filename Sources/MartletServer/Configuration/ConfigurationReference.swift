/// What the table says, for people.
public enum ConfigurationReference {
    /// A file with every key, all of them commented out: as it stands, it changes nothing.
    public static let commentedFile: String = {
        var lines = [
            "# Martlet's configuration. Every key is here, with its default.",
            "# A variable wins over the file, and an option of the command line over both.",
            "# Durations are a whole number and a unit: ms, s, m, h, d.",
        ]
        var group: Substring = ""
        for key in ConfigurationKey.all {
            let parts = key.name.split(separator: ".")
            lines.append("")
            if parts.count > 1, parts[0] != group { lines.append("\(parts[0]):") }
            group = parts.count > 1 ? parts[0] : ""
            let indentation = parts.count > 1 ? "  " : ""
            lines += [
                key.help, "Value: \(key.expectation).", "Default: \(key.defaultText).",
                "Variable: \(key.environmentNames.joined(separator: " or ")).",
            ].map { "\(indentation)# \($0)" }
            lines.append("\(indentation)# \(parts[parts.count - 1]):\(key.defaultFileText.map { " \($0)" } ?? "")")
        }
        return lines.joined(separator: "\n") + "\n"
    }()

    /// `docs/configuration.md`.
    public static let markdown: String = {
        var lines = [
            "# Configuration", "",
            "This page is made from the table in the code; a test holds it to that.", "",
            "Martlet reads one YAML file (`martlet serve --config FILE`, or the file that `MARTLET_CONFIG` names).",
            "A variable wins over the file, and an option of the command line over both. Without any of them, every",
            "key has its default. A dot in a name is a level of the file: `tls.key` is",
            "", "```yaml", "tls:", "  key: /etc/martlet/key.pem", "```", "",
            "`martlet config example` prints a file with every key, all of them commented out, to start from.",
            "`martlet config show` prints the values in force and where each came from. `martlet config check` says",
            "what is wrong, with the line and what would be right, and opens the certificate, its key and the master",
            "key as the server would. The server does not start with an unknown key, an",
            "unknown `MARTLET_…` variable or a bad value. The configuration is read once, at the start. A changed",
            "`accessLifetime` holds for the tokens that are issued from then on, a changed limit for new sessions.", "",
            "Durations are a whole number and a unit (`ms`, `s`, `m`, `h`, `d`), sizes one with `B`, `KiB`, `MiB` or",
            "`GiB`. In a variable, the values of a list are separated by commas. Relative paths start at the working",
            "directory. A secret can also be read from a file: the variable with `_FILE` at its end names it.", "",
            "| key | meaning | value | default | variable |", "|---|---|---|---|---|",
        ]
        for key in ConfigurationKey.all {
            let variables = key.environmentNames.map { "`\($0)`" }.joined(separator: "<br>")
            let isCode = if case .initial = key.defaultValue { true } else { false }
            let value = isCode ? "`\(key.defaultText)`" : key.defaultText
            lines.append("| `\(key.name)` | \(key.help) | \(key.expectation) | \(value) | \(variables) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }()
}

extension ConfigurationKey {
    fileprivate var environmentNames: [String] { [environmentName] + (environmentFileName.map { [$0] } ?? []) }

    /// The default in words.
    fileprivate var defaultText: String {
        switch defaultValue {
        case .initial: defaultFileText ?? "none"
        case .described(let text): text
        case .profile:
            SessionProfile.allCases.map { profile in
                var configuration = ServerConfiguration()
                configuration.profile = profile
                return "\(profile.rawValue) \(get(configuration).first ?? "none")"
            }.joined(separator: ", ")
        }
    }

    /// The default as the file would have it; nil where that is not one value.
    fileprivate var defaultFileText: String? {
        if case .described = defaultValue { return nil }
        let texts = get(ServerConfiguration())
        return isList ? "[\(texts.joined(separator: ", "))]" : texts.first
    }
}
