import ArgumentParser

/// Where a password comes from. Never from an argument, which everyone on the machine can see.
struct PasswordOptions: ParsableArguments {
    @Flag(name: .customLong("password-stdin"), help: "Read the password from the first line of standard input.")
    var isOnStandardInput = false

    func validate() throws {
        guard isOnStandardInput || StandardInput.isTerminal else {
            throw ValidationError("Standard input is no terminal to ask for a password on. Use --password-stdin.")
        }
    }

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
