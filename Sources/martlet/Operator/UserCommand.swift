import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "The accounts: add, invite, list, show, disable, enable, set-password, require-password, remove.",
        subcommands: [
            Add.self, Invite.self, List.self, Show.self, Disable.self, Enable.self, SetPassword.self,
            RequirePassword.self, Remove.self,
        ]
    )
}

extension UserCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an account.")

        @Argument(help: "The username.") var name: String
        @Option(help: "A role; may be given several times.") var role: [String] = []
        @Option(help: "The e-mail address.") var email: String?
        @OptionGroup var password: PasswordOptions
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try password.refuseSurplus()
            try await storage.withAuthority(makingFolder: true) { authority in
                // Before anything is typed.
                if !password.isOnStandardInput { try await authority.checkNewUsername(name) }
                let user = try await authority.addUser(
                    username: name, password: password.newPassword(for: name), email: email, roles: role)
                try output.show("Added \(user.username.printable), id \(user.id).") {
                    UserDescription(user).write(to: &$0)
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the accounts.")

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let users = try await storage.withAuthority(onlyReading: true) { authority in
                try await allPages { try await authority.users(after: $0?.id, limit: $1) }
            }
            try output.show(table(of: users)) {
                $0.object {
                    $0.member("users") {
                        $0.array { for user in users { UserDescription(user).write(to: &$0) } }
                    }
                }
            }
        }

        private func table(of users: [User]) -> String {
            var table = Table(["name", "roles", "e-mail", "made", "state"])
            for user in users {
                table.add(
                    user.username, user.roles.joined(separator: ", "), user.email, user.createdAt.printable,
                    user.isDisabled ? "disabled" : "enabled")
            }
            return table.text
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an account.")

        @Argument(help: "The username.") var name: String
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let user = try await storage.withAuthority(onlyReading: true) { try await $0.existingUser(name) }
            try output.show(table(of: user)) { UserDescription(user).write(to: &$0) }
        }

        private func table(of user: User) -> String {
            var table = Table()
            table.add("name", user.username)
            table.add("id", "\(user.id)")
            table.add("e-mail", user.email)
            table.add("roles", user.roles.joined(separator: ", "))
            table.add("made", user.createdAt.printable)
            table.add("password set", user.passwordChangedAt.printable)
            table.add("state", user.disabledAt.map { "disabled since \($0.printable)" } ?? "enabled")
            table.add(
                "new password",
                user.requiredProof.map { "needed, by \($0 == .mail ? "the link in a mail" : "the present one")" })
            return table.text
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disable an account, which ends its sessions.")

        @Argument(help: "The username.") var name: String
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let user = try await storage.withAuthority { try await $0.setDisabled(true, of: name) }
            try output.show("Disabled \(user.username.printable). Its sessions are over.") {
                UserDescription(user).write(to: &$0)
            }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enable an account that was disabled.")

        @Argument(help: "The username.") var name: String
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let user = try await storage.withAuthority { try await $0.setDisabled(false, of: name) }
            try output.show("Enabled \(user.username.printable).") { UserDescription(user).write(to: &$0) }
        }
    }

    struct SetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-password", abstract: "Set a password, which ends the account's sessions.")

        @Argument(help: "The username.") var name: String
        @OptionGroup var password: PasswordOptions
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try password.refuseSurplus()
            let user = try await storage.withAuthority { authority in
                // Before anything is typed.
                let user = try await authority.existingUser(name)
                try await authority.setPassword(of: name, to: password.newPassword(for: user.username))
                return user
            }
            try output.show("Set the password of \(user.username.printable). Its sessions are over.") {
                UserDescription(user).write(to: &$0)
            }
        }
    }

    struct RequirePassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "require-password",
            abstract: "Have the account's user choose a new password, which ends its sessions.",
            discussion: """
                Nobody signs in before it is chosen. The present password is enough to choose it; with --by-mail only the \
                link is that a server with mail.server sends to the account's address.
                """)

        @Argument(help: "The username.") var name: String
        @Flag(help: "Take the link in a mail as the only proof: others may know the password.") var byMail = false
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let user = try await storage.withAuthority { authority in
                let user = try await authority.requireNewPassword(of: name, by: byMail ? .mail : .password)
                let isMailed = try await authority.outboxFigures().contains { $0.destination == .mail }
                if byMail, !isMailed {
                    StandardError.put(
                        "warning: no server with mail.server has run on this data, so no link is sent before one does. "
                            + "`martlet user set-password` lets the user in again.\n")
                }
                return user
            }
            try output.show("\(user.username.printable) has to choose a new password. The account's sessions are over.")
            {
                UserDescription(user).write(to: &$0)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove an account, which ends its sessions.")

        @Argument(help: "The username.") var name: String
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let user = try await storage.withAuthority { authority in
                let user = try await authority.existingUser(name)
                try await authority.removeUser(name)
                return user
            }
            try output.show("Removed \(user.username.printable). Its sessions are over.") {
                UserDescription(user).write(to: &$0)
            }
        }
    }
}
