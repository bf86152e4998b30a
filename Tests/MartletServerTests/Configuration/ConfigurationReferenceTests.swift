import MartletCore
import MartletServer
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct ConfigurationReferenceTests {
    @Test func namesAreUnique() {
        let names = ConfigurationKey.all.map(\.name)
        let variables = ConfigurationKey.all.flatMap { [$0.environmentName, $0.environmentName + "_FILE"] }
        #expect(Set(names).count == names.count)
        #expect(Set(variables).count == variables.count)
    }

    @Test(arguments: [
        ("issuer", "MARTLET_ISSUER"), ("tls.certificate", "MARTLET_TLS_CERTIFICATE"),
        ("plainHTTP", "MARTLET_PLAIN_HTTP"), ("insecure.plainHTTP", "MARTLET_INSECURE_PLAIN_HTTP"),
        ("rotation.lateWindow", "MARTLET_ROTATION_LATE_WINDOW"), ("masterKey", "MARTLET_MASTER_KEY"),
    ])
    func variablesAreNamedAfterTheirKeys(name: String, variable: String) {
        #expect(ConfigurationKey.all.first { $0.name == name }?.environmentName == variable)
    }

    @Test func theCommentedFileChangesNothing() throws {
        let file = try TemporaryFile(ConfigurationReference.commentedFile)
        let loaded = try LoadedConfiguration(file: file.path, environment: [:])
        #expect(loaded.entries == (try LoadedConfiguration(environment: [:])).entries)
    }

    /// Every line that can be used as it stands says what holds anyway.
    @Test func theCommentedFilesValuesAreTheDefaults() throws {
        let names = Set(ConfigurationKey.all.compactMap { $0.name.split(separator: ".").last })
        let lines = ConfigurationReference.commentedFile.split(separator: "\n").map { line in
            let uncommented = line.replacing("# ", with: "", maxReplacements: 1)
            let parts = uncommented.drop { $0 == " " }.split(separator: ":", maxSplits: 1)
            return parts.count == 2 && parts[1] != "" && names.contains(parts[0]) ? uncommented : line
        }
        // Those without one default for all have no value there.
        let valueless =
            ["issuer", "tls.certificate", "tls.key", "masterKey", "rotation.repeatLimit"]
            + ["rotationDurability", "passwords.threads", "detection.places", "webhooks.trustedCertificates"]
            + ["server", "from", "username", "password", "trustedCertificates"].map { "mail.\($0)" }
        let file = try TemporaryFile(lines.joined(separator: "\n"))
        let entries = try LoadedConfiguration(file: file.path, environment: [:]).entries
        let defaults = try LoadedConfiguration(environment: [:]).entries
        #expect(entries.map(\.value) == defaults.map(\.value))
        #expect(entries.filter { !$0.origin.hasPrefix(file.path) }.map(\.name).sorted() == valueless.sorted())
    }

    @Test func theNamedProfilesAreTheCores() {
        #expect(
            Dictionary(uniqueKeysWithValues: SessionProfile.allCases.map { ($0.rawValue, $0.policy) })
                == SessionPolicy.profiles
        )
    }

    /// `make docs` writes the page anew.
    @Test func thePageIsTheTable() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/configuration.md")
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] == "1" {
            try Data(ConfigurationReference.markdown.utf8).write(to: page)
        }
        #expect(try String(contentsOf: page, encoding: .utf8) == ConfigurationReference.markdown)
    }
}
