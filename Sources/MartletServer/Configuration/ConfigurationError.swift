/// Everything that is wrong with a configuration.
public struct ConfigurationError: Error, Sendable {
    /// At least one, in the order in which they were found.
    public let problems: [ConfigurationProblem]
}

extension ConfigurationError: CustomStringConvertible {
    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong, where, and what would be right.
public struct ConfigurationProblem: Sendable, Hashable {
    public let origin: ConfigurationOrigin
    public let message: String
}

extension ConfigurationProblem: CustomStringConvertible {
    /// `martlet.yaml:3:8: …` or `MARTLET_LISTEN: …`.
    public var description: String { origin == .default ? message : "\(origin): \(message)" }
}

/// Where a value comes from.
public enum ConfigurationOrigin: Sendable, Hashable {
    case `default`
    /// Lines and columns count from 1; 0 stands for the file as a whole.
    case file(String, line: Int, column: Int)
    case environment(String)
    /// A file that a variable names.
    case secretFile(String, variable: String)
    /// An option of the command line, without its dashes.
    case option(String)
}

extension ConfigurationOrigin: CustomStringConvertible {
    public var description: String {
        switch self {
        case .default: "default"
        case .file(let path, 0, _): path
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): name
        case .secretFile(let path, let variable): "\(variable) (\(path))"
        case .option(let name): "--\(name)"
        }
    }
}
