import Foundation
import MartletJOSE
import ProcessSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandDataFolderTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test func theFolderAndWhatIsInItArePrivate() async throws {
        try await martlet.add("ada")
        #expect(try mode(of: folder("martlet-data")) == 0o700)
        #expect(try mode(of: folder("martlet-data/master.key")) == 0o600)
        #expect(try mode(of: folder("martlet-data/martlet.sqlite")) == 0o600)
        let key = try Data(contentsOf: URL(filePath: folder("martlet-data/master.key")))
        #expect(key.count == 32)
        #expect(Set(key).count > 1)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("martlet-data"))
        #expect(Set(names) == ["martlet.mark", "martlet.sqlite", "master.key"])
    }

    @Test func anEmptyFolderIsMadePrivate() async throws {
        try FileManager.default.createDirectory(
            atPath: folder("data"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        #expect(try await martlet.run("client", "add", "app", "--data", folder("data")).status == 0)
        #expect(try mode(of: folder("data")) == 0o700)
    }

    @Test(arguments: [
        ["user", "list"], ["user", "show", "ada"], ["user", "disable", "ada"], ["user", "enable", "ada"],
        ["user", "remove", "ada"], ["user", "set-password", "ada", "--password-stdin"], ["client", "list"],
        ["client", "remove", "app"], ["session", "list"], ["session", "revoke", "--all"],
        ["session", "show", "019b5a2e-0000-7000-8000-000000000000"], ["key", "list"], ["key", "rotate"],
    ])
    func withoutDataACommandSaysWhereItComesFrom(_ arguments: [String]) async throws {
        let missing = try await martlet.run(arguments + ["--data", folder("none")], input: "\(Martlet.password)\n")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("`martlet serve`"), "\(missing.errors)")
        #expect(missing.errors.contains("--data"))
        #expect(!FileManager.default.fileExists(atPath: folder("none")))

        try FileManager.default.createDirectory(
            atPath: folder("empty"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let empty = try await martlet.run(arguments + ["--data", folder("empty")], input: "\(Martlet.password)\n")
        #expect(empty.status == 1)
        #expect(empty.errors.contains("no database"), "\(empty.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("empty")).isEmpty)
    }

    @Test func whatIsNoFolderIsRefused() async throws {
        let file = try folder.write("file", "precious")
        for path in [file, "\(file)/below", folder("none/below"), ""] {
            let outcome = try await martlet.run("client", "add", "app", "--data", path)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("Error: "))
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
    }

    @Test func aFolderInNoFolderIsRefusedWithTheCommandThatMakesOne() async throws {
        for arguments in [["client", "add", "app"], ["serve", "--listen", "localhost:0"], ["config", "check"]] {
            for end in ["", "/"] {
                let outcome = try await martlet.run(arguments + ["--data", folder("such/deep/folder") + end])
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("mkdir -p \(folder("such/deep"))"), "\(outcome.errors)")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: folder("such")))
    }

    @Test func whatOthersCanReadIsRefusedWithTheCommandThatMendsIt() async throws {
        try await martlet.add("ada")
        for (path, wrong, right) in [("martlet-data", 0o750, 0o700), ("martlet-data/master.key", 0o640, 0o600)] {
            try FileManager.default.setAttributes([.posixPermissions: wrong], ofItemAtPath: folder(path))
            let outcome = try await martlet.run("user", "list")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("chmod \(String(right, radix: 8)) "), "\(outcome.errors)")
            #expect(try mode(of: folder(path)) == wrong)
            try FileManager.default.setAttributes([.posixPermissions: right], ofItemAtPath: folder(path))
            #expect(try await martlet.run("user", "list").status == 0)
        }
    }

    @Test func aLostDamagedOrWrongMasterKeyHarmsNothing() async throws {
        try await martlet.add("ada")
        let path = folder("martlet-data/master.key")
        let key = try Data(contentsOf: URL(filePath: path))
        let before = try await martlet.run("key", "list", "--json").output
        let faults: [(Data?, String)] = [
            (nil, "not the key that its keys are sealed under"), (Data(), "damaged"), (key.dropLast(), "damaged"),
            (key + [0], "damaged"), (Data(repeating: 7, count: 32), "master key"),
        ]
        for (bytes, words) in faults {
            if let bytes {
                try bytes.write(to: URL(filePath: path))
            } else {
                try FileManager.default.removeItem(atPath: path)
            }
            if bytes != nil {
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            }
            for arguments in [["user", "list"], ["key", "rotate"], ["client", "add", "app", "--public"]] {
                let outcome = try await martlet.run(arguments)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(words), "\(outcome.errors)")
            }
            #expect(FileManager.default.contents(atPath: path) == bytes)
        }
        try key.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(try await martlet.run("user", "show", "ada").status == 0)
        #expect(try await martlet.run("key", "list", "--json").output == before)
        #expect(try await martlet.run("client", "list", "--json").json["clients"]?.array?.count == 1)
    }

    @Test func aMasterKeyOfTheConfigurationTakesTheFilesPlace() async throws {
        var martlet = martlet
        let file = try folder.write("key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
        martlet.environment = ["MARTLET_MASTER_KEY_FILE": file]
        try await martlet.add("ada")
        #expect(!FileManager.default.fileExists(atPath: folder("martlet-data/master.key")))
        #expect(try await martlet.run("user", "list").status == 0)
        martlet.environment = [:]
        let without = try await martlet.run("user", "list")
        #expect(without.status == 1)
        #expect(without.errors.contains("MARTLET_MASTER_KEY"))
    }

    @Test func aDamagedDatabaseIsLeftAsItIs() async throws {
        try await martlet.add("ada")
        let path = folder("martlet-data/martlet.sqlite")
        let rubbish = Data("this is not a database, and long enough to be looked at as one".utf8)
        try rubbish.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let outcome = try await martlet.run("user", "list")
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("Error: "))
        #expect(FileManager.default.contents(atPath: path) == rubbish)
    }

    @Test func severalCommandsAtOnceMakeOneFolderAndLoseNothing() async throws {
        let martlet = martlet
        let names = (1...6).map { "user\($0)" }
        try await withThrowingTaskGroup(of: Martlet.Outcome.self) { group in
            for name in names {
                group.addTask {
                    try await martlet.run("user", "add", name, "--password-stdin", input: "\(Martlet.password)\n")
                }
            }
            for try await outcome in group { #expect(outcome.status == 0, "\(outcome.errors)") }
        }
        let users = try await martlet.run("user", "list", "--json").json["users"]?.array ?? []
        #expect(Set(users.compactMap { $0["username"]?.string }) == Set(names))
        #expect(try await martlet.run("key", "list", "--json").json["keys"]?.array?.count == 2)
    }

    @Test(.enabled { try await AnotherUser.isAvailable() }) func theFolderOfAnotherUserIsRefused() async throws {
        try await martlet.add("ada")
        // So that the other user gets as far as the data folder.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        try AnotherUser.give(folder("martlet-data"))
        let outcome = try await martlet.run("user", "list")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("sudo -u '#\(AnotherUser.id)'"), "\(outcome.errors)")
    }

    @Test(.enabled { try await AnotherUser.isAvailable() }) func aFolderThatCannotBeWrittenIsLeftAsItIs() async throws {
        try await martlet.add("ada")
        try AnotherUser.give(folder.path)
        for name in ["martlet-data", "martlet-data/martlet.sqlite", "martlet-data/master.key"] {
            try AnotherUser.give(folder(name))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder("martlet-data"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o400], ofItemAtPath: folder("martlet-data/martlet.sqlite"))
        var other = martlet
        other.prefix = AnotherUser.prefix
        for arguments in [["user", "list"], ["client", "add", "app", "--public"]] {
            let outcome = try await other.run(arguments)
            #expect(outcome.status == 1)
            #expect(outcome.errors.lowercased().contains("write"), "\(outcome.errors)")
        }
    }
}

/// A user without rights, to run commands as. Only root can do that, as in a container.
enum AnotherUser {
    static let id = 65_534
    static let prefix = ["/usr/bin/setpriv", "--reuid=\(id)", "--regid=\(id)", "--clear-groups"]

    static func isAvailable() async throws -> Bool {
        guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: prefix[0]) else { return false }
        // The command has to be where that user can get at it.
        return try await ChildProcess.run(prefix + [Martlet.path, "--version"]).status == 0
    }

    static func give(_ path: String) throws {
        try FileManager.default.setAttributes([.ownerAccountID: id], ofItemAtPath: path)
    }
}
