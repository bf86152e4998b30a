/// One row of the configuration: a key of the file and its variable.
///
/// `ConfigurationKey.all` is the only list of them. Reading, the commented file, `config show` and the docs come from
/// it.
public struct ConfigurationKey: Sendable {
    /// What holds where nothing is set.
    enum Default: Sendable {
        /// What `ServerConfiguration` starts with.
        case initial
        /// What the profile says.
        case profile
        /// Something found out at the start; in words.
        case described(String)
    }

    /// The path in the file, with dots: `tls.certificate`.
    public let name: String
    /// One line.
    public let help: String
    /// Whether its value is never shown, and can be read from a file that `…_FILE` names.
    public let isSecret: Bool
    /// Whether it has several values: a sequence in the file, commas in a variable.
    public let isList: Bool
    /// What a value has to be: completes "has to be …".
    public let expectation: String
    let defaultValue: Default
    let set: @Sendable ([String], inout ServerConfiguration) throws(ConfigurationMismatch) -> Void
    /// The value in force, as it would be written in the file; empty where there is none.
    let get: @Sendable (ServerConfiguration) -> [String]

    /// - Parameters:
    ///   - place: where the value goes.
    ///   - effective: the value in force, where that is not the one at `place`.
    init<Value: Sendable>(
        _ name: String, _ type: ConfigurationType<Value>,
        _ place: any WritableKeyPath<ServerConfiguration, Value> & Sendable,
        effective: (@Sendable (ServerConfiguration) -> Value)? = nil,
        defaultValue: Default = .initial, isSecret: Bool = false, help: String
    ) {
        self.name = name
        self.help = help
        self.isSecret = isSecret
        isList = type.isList
        expectation = type.expectation
        self.defaultValue = defaultValue
        set = { texts, configuration throws(ConfigurationMismatch) in
            configuration[keyPath: place] = try type.read(texts)
        }
        get = { configuration in type.write(effective?(configuration) ?? configuration[keyPath: place]) }
    }

    /// A key that may have no value.
    init<Value: Sendable>(
        _ name: String, optional type: ConfigurationType<Value>,
        _ place: any WritableKeyPath<ServerConfiguration, Value?> & Sendable,
        effective: (@Sendable (ServerConfiguration) -> Value?)? = nil,
        defaultValue: Default, isSecret: Bool = false, help: String
    ) {
        self.init(
            name, type.optional, place, effective: effective, defaultValue: defaultValue, isSecret: isSecret, help: help
        )
    }

    /// `MARTLET_TLS_CERTIFICATE` for `tls.certificate`, `MARTLET_PLAIN_HTTP` for `plainHTTP`.
    public var environmentName: String {
        var result = "MARTLET_"
        var previous: Character = "."
        for character in name {
            if character.isUppercase, previous.isLowercase { result.append("_") }
            result.append(character == "." ? "_" : Character(character.uppercased()))
            previous = character
        }
        return result
    }

    /// The variable that names a file with the secret; nil for what is no secret.
    public var environmentFileName: String? {
        isSecret ? environmentName + "_FILE" : nil
    }
}
