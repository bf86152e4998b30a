import ArgumentParser

/// Where a password comes from. Never from an argument, which everyone on the machine can see.
struct PasswordOptions: ParsableArguments {
    @Flag(name: .customLong("password-stdin"), help: "Read the password from the first line of standard input.")
    var isOnStandardInput = false

    // What is easily tried, taken only to say why it is refused.
    @Option(name: .customLong("password"), help: .hidden) var argument: String?
    @Argument(help: .hidden) var surplus: [String] = []

    func validate() throws {
        guard argument == nil else { throw ValidationError("A password is never an argument: \(Self.advice)") }
        // An option that is not known leaves its value here; then the parser has better words for it, after this.
        guard surplus.isEmpty else { return }
        guard isOnStandardInput || StandardInput.isTerminal else {
            throw ValidationError("Standard input is no terminal to ask for a password on. Use --password-stdin.")
        }
    }

    /// Call it first: refuses arguments that nobody asked for, since one of them may be a password.
    func refuseSurplus() throws {
        guard !surplus.isEmpty else { return }
        StandardError.put(
            "Error: There is an argument too many. If it is a password: that is never an argument, since "
                + "\(Self.advice)\n")
        throw ExitCode.validationFailure
    }

    private static let advice =
        "others on this machine can see it, and it is in the shell's history now. Change it if it is in use. It is asked "
        + "for on a terminal; --password-stdin reads it from standard input."

    /// A password that somebody has.
    func password(for username: String) throws -> String {
        try isOnStandardInput ? fromStandardInput() : Terminal.secret("Password of \(username.printable): ")
    }

    /// A password to set. On a terminal it is asked for twice.
    func newPassword(for username: String) throws -> String {
        guard !isOnStandardInput else { return try fromStandardInput() }
        let password = try Terminal.secret("New password of \(username.printable): ")
        guard try Terminal.secret("The same again: ") == password else {
            throw CommandFailure("The two passwords are not the same. Nothing was changed.")
        }
        return password
    }

    private func fromStandardInput() throws -> String {
        try StandardInput.firstLine(limit: 16_384, of: "password")
    }
}
