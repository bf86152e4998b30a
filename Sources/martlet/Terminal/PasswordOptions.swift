import ArgumentParser

/// Where a password comes from. Never from an argument, which everyone on the machine can see.
struct PasswordOptions: ParsableArguments {
    @Flag(name: .customLong("password-stdin"), help: "Read the password from the first line of standard input.")
    var isOnStandardInput = false

    /// A password that somebody has.
    func password(for username: String) throws -> String {
        try isOnStandardInput ? fromStandardInput() : prompted("Password of \(username.printable): ")
    }

    /// A password to set. On a terminal it is asked for twice.
    func newPassword(for username: String) throws -> String {
        guard !isOnStandardInput else { return try fromStandardInput() }
        let password = try prompted("New password of \(username.printable): ")
        guard try prompted("The same again: ") == password else {
            throw CommandFailure("The two passwords are not the same. Nothing was changed.")
        }
        return password
    }

    private func fromStandardInput() throws -> String {
        try StandardInput.firstLine(limit: 16_384, of: "password")
    }

    private func prompted(_ prompt: String) throws -> String {
        guard StandardInput.isTerminal else {
            throw ValidationError(
                "Standard input is not a terminal to ask for the password on. Use --password-stdin.")
        }
        return try Terminal.secret(prompt)
    }
}
