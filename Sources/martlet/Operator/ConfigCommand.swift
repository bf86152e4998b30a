import ArgumentParser
import Logging
import MartletJOSE
import MartletServer

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The server's configuration: show, check, example.",
        subcommands: [Show.self, Check.self, Example.self]
    )
}

extension ConfigCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the values in force, and where each came from. Secrets are not shown.")

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let entries = try storage.loadedConfiguration().entries
            try output.show(table(of: entries)) {
                $0.object {
                    $0.member("settings") {
                        $0.array {
                            for entry in entries {
                                $0.object {
                                    $0.member("name", entry.name)
                                    if let value = entry.value { $0.member("value", value) }
                                    $0.member("origin", entry.origin)
                                }
                            }
                        }
                    }
                }
            }
        }

        private func table(of entries: [LoadedConfiguration.Entry]) -> String {
            var table = Table(["name", "value", "from"])
            for entry in entries { table.add(entry.name, entry.value, entry.origin) }
            return table.text
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with the configuration, if anything.",
            discussion: """
                Opens the certificate, its key, the data folder and the master key as well, as `martlet serve` does, \
                and makes nothing.
                """)

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var problems: [ConfigurationProblem] = []
            do throws(ConfigurationError) {
                let loaded = try storage.loadedConfiguration()
                LoggingSystem.bootstrap(loaded.configuration.log)
                try loaded.checkFiles(logger: Logger(label: "martlet"))
            } catch {
                guard output.isJSON else { throw error }
                problems = error.problems
            }
            try output.show("The configuration is right.") {
                $0.object {
                    $0.member("problems") {
                        $0.array {
                            for problem in problems {
                                $0.object {
                                    $0.member("origin", "\(problem.origin)")
                                    $0.member("message", problem.message)
                                }
                            }
                        }
                    }
                }
            }
            if !problems.isEmpty { throw ExitCode.failure }
        }
    }

    struct Example: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a configuration file with every key, its meaning and its default, all commented out.")

        func run() async throws {
            try StandardOutput.put(Array(ConfigurationReference.commentedFile.utf8))
        }
    }
}
