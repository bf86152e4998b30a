import Logging
import MartletCore
import MartletJOSE
import MartletServer
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct ConfigurationTests {
    @Test func nothingConfiguredGivesTheDefaults() throws {
        let configuration = try ServerConfiguration.load(environment: ["PATH": "/bin"])
        #expect(configuration.listen == ListenAddress(host: "localhost", port: 8443))
        #expect(configuration.management.listen == ListenAddress(host: "127.0.0.1", port: 9464))
        #expect(configuration.issuer == nil)
        #expect(configuration.issuer(port: 50_123) == "https://localhost:50123")
        #expect(configuration.data == "./martlet-data")
        #expect(configuration.masterKey == nil)
        #expect(configuration.sessionPolicy == .standard)
        #expect(configuration.durability == .relaxed)
        #expect(configuration.signUp == .closed)
        #expect(!configuration.statusList && !configuration.authoritySettings(port: 1).statusLists)
        #expect(configuration.passwords.parameters.memory == 19 * 1_024 * 1_024)
        #expect((1...4).contains(configuration.passwords.threads))
    }

    @Test func mailIsRead() throws {
        let file = try TemporaryFile(
            """
            mail:
              server: smtp://localhost
              from: Example <auth@example.com>
              startTLS: off
              username: me
            """)
        let secret = try TemporaryFile("s3cret\n")
        let loaded = try LoadedConfiguration(
            file: file.path, environment: ["MARTLET_MAIL_PASSWORD_FILE": secret.path, "MARTLET_MAIL_START_TLS": "off"])
        let mail = loaded.configuration.mail
        #expect(mail.server?.description == "smtp://localhost:587")
        #expect(mail.from?.address == "auth@example.com" && mail.from?.name == "Example")
        #expect(mail.username == "me" && mail.password == MailPassword("s3cret"))
        #expect(mail.startTLS == .off && mail.timeout == .seconds(20) && mail.perDay == 10)
        #expect(loaded.entries.first { $0.name == "mail.password" }?.value == "<redacted>")
        #expect("\(mail)".contains("s3cret") == false)
        #expect(MailServer(url: "smtps://[::1]")?.description == "smtps://[::1]:465")
        #expect(MailServer(url: "smtp://mail.example.com:25")?.address.port == 25)
        for bad in ["smtp://", "smtp://a:0", "http://a", "smtp://a:b", "smtp://a b", "smtp://::1"] {
            #expect(MailServer(url: bad) == nil, "\(bad)")
        }
    }

    @Test func metricsCanBeLeftOut() throws {
        let file = try TemporaryFile("management:\n  listen: \"\"\n")
        let none = try LoadedConfiguration(file: file.path, environment: [:])
        #expect(none.configuration.management.listen == nil)
        #expect(none.entries.first { $0.name == "management.listen" }?.value == "")
        let other = try ServerConfiguration.load(environment: ["MARTLET_MANAGEMENT_LISTEN": "[::1]:0"])
        #expect(other.management.listen == ListenAddress(host: "::1", port: 0))
        #expect(try ServerConfiguration.load(environment: ["MARTLET_MANAGEMENT_LISTEN": ""]).management.listen == nil)
    }

    @Test func aFileSetsEverything() throws {
        let file = try TemporaryFile(
            """
            issuer: https://auth.example.com
            listen: "[::1]:9443"
            trustedProxies: [10.0.0.0/8, "fd00::/8"]
            data: /var/lib/martlet
            masterKey: \(base64Key)
            profile: banking
            absoluteLimit: 8h
            rotation:
              lateWindow: 30s
            rotationDurability: full
            signingKeys:
              algorithm: EdDSA
              rotateAfter: 30d
              publishLead: 1h
            signUp: open
            allowedOrigins: [https://app.example.com, "http://localhost:5173"]
            passwords:
              memory: 64 MiB
              iterations: 3
              threads: 2
              queue: 10
              minimumLength: 12
            sessions: {keepEnded: 7d}
            statusList: true
            limits:
              bodyBytes: 16384
              headTimeout: 500ms
            log: {level: debug, format: json}
            """
        )
        let configuration = try ServerConfiguration.load(file: file.path, environment: [:])
        #expect(configuration.issuer == "https://auth.example.com")
        #expect(configuration.issuer(port: 1) == "https://auth.example.com")
        #expect(configuration.listen == ListenAddress(host: "::1", port: 9443))
        #expect(configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "fd00::/8"])
        #expect(configuration.masterKey?.bytes == [UInt8](repeating: 7, count: 32))
        var policy = SessionPolicy.banking
        policy.absoluteLimit = .seconds(8 * 3_600)
        policy.rotation.lateWindow = .seconds(30)
        #expect(configuration.sessionPolicy == policy)
        #expect(configuration.durability == .full)
        #expect(configuration.signingKeys.algorithm == .edDSA)
        #expect(configuration.signingKeys.publishLead == .seconds(3_600))
        #expect(configuration.signUp == .open)
        #expect(try ServerConfiguration.load(environment: ["MARTLET_SIGN_UP": "invite"]).signUp == .invite)
        let origins = configuration.authoritySettings(port: 1).allowedOrigins.map(\.text)
        #expect(origins == ["https://app.example.com", "http://localhost:5173"])
        #expect(configuration.passwords.parameters.memory == 64 << 20)
        #expect(configuration.passwords.rules.minimumLength == 12)
        #expect(configuration.keepEndedSessions == .seconds(7 * 86_400))
        #expect(configuration.statusList && configuration.authoritySettings(port: 1).statusLists)
        #expect(configuration.limits.bodyBytes == 16_384)
        #expect(configuration.limits.headTimeout == .milliseconds(500))
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .json)
    }

    @Test func optionsWinOverVariablesAndVariablesOverTheFile() throws {
        let file = try TemporaryFile("listen: localhost:1\ndata: ./from-file\naccessLifetime: 10m\n")
        let loaded = try LoadedConfiguration(
            file: file.path,
            environment: ["MARTLET_LISTEN": "localhost:2", "MARTLET_DATA": "./from-variable"],
            overrides: ["listen": "localhost:3"]
        )
        #expect(loaded.configuration.listen.port == 3)
        #expect(loaded.configuration.data == "./from-variable")
        #expect(loaded.configuration.sessionPolicy.accessLifetime == .seconds(600))

        let entries = Dictionary(uniqueKeysWithValues: loaded.entries.map { ($0.name, $0) })
        #expect(loaded.entries.map(\.name) == ConfigurationKey.all.map(\.name))
        #expect(entries["listen"]?.origin == "--listen")
        #expect(entries["listen"]?.value == "localhost:3")
        #expect(entries["data"]?.origin == "MARTLET_DATA")
        #expect(entries["accessLifetime"]?.value == "10m")
        #expect(entries["accessLifetime"]?.origin == "\(file.path):3:17")
        #expect(entries["idleLimit"]?.value == "7d")
        #expect(entries["idleLimit"]?.origin == "profile standard")
        #expect(entries["signUp"]?.origin == "default")
        #expect(entries["masterKey"]?.value == nil)
    }

    @Test func theEngineIsToldWhatWasConfigured() throws {
        let configuration = try ServerConfiguration.load(
            environment: [
                "MARTLET_PROFILE": "banking", "MARTLET_SIGN_UP": "open", "MARTLET_PASSWORDS_QUEUE": "3",
                "MARTLET_SIGNING_KEYS_ALGORITHM": "PS256", "MARTLET_PASSWORDS_ITERATIONS": "4",
            ]
        )
        let settings = configuration.authoritySettings(port: 8_444)
        #expect(settings.issuer == "https://localhost:8444")
        #expect(settings.policy == .banking)
        #expect(settings.signUp == .open)
        #expect(settings.passwordQueue == 3)
        #expect(settings.passwordParameters.iterations == 4)
        #expect(settings.keys.algorithm == .ps256)
    }

    @Test func aVariableNamesTheFile() throws {
        let file = try TemporaryFile("signUp: open")
        #expect(try ServerConfiguration.load(environment: ["MARTLET_CONFIG": file.path]).signUp == .open)
    }

    @Test func aListInAVariableHasCommas() throws {
        let configuration = try ServerConfiguration.load(
            environment: ["MARTLET_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7"]
        )
        #expect(configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "192.0.2.7"])
        #expect(try ServerConfiguration.load(environment: ["MARTLET_TRUSTED_PROXIES": ""]).trustedProxies.isEmpty)
    }

    @Test func aSecretComesFromAFileAndIsNeverShown() throws {
        let file = try TemporaryFile(base64Key + "\n")
        let loaded = try LoadedConfiguration(environment: ["MARTLET_MASTER_KEY_FILE": file.path])
        #expect(loaded.configuration.masterKey?.bytes.count == 32)
        let entry = try #require(loaded.entries.first { $0.name == "masterKey" })
        #expect(entry.value == "<redacted>")
        #expect(entry.origin == "MARTLET_MASTER_KEY_FILE (\(file.path))")
        var dumped = ""
        dump(loaded, to: &dumped)
        #expect(!"\(loaded) \(loaded.entries) \(dumped)".contains(base64Key.prefix(8)))
        #expect(dumped.contains("masterKey: Optional(<redacted>)"))
    }

    @Test func strictRotationIsOnDiskBeforeItIsAnswered() throws {
        #expect(try ServerConfiguration.load(environment: ["MARTLET_ROTATION_MODE": "strict"]).durability == .full)
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "limits:\nlog:\n  # level: info\n", "{}"])
    func aFileMaySayNothing(_ text: String) throws {
        let file = try TemporaryFile(text)
        #expect(try ServerConfiguration.load(file: file.path, environment: [:]).signUp == .closed)
    }

    /// What Kubernetes sets beside a service named `martlet` is not ours.
    @Test(arguments: [
        "MARTLET_SERVICE_HOST", "MARTLET_SERVICE_PORT", "MARTLET_SERVICE_PORT_HTTPS", "MARTLET_PORT",
        "MARTLET_PORT_8443_TCP", "MARTLET_PORT_8443_TCP_ADDR", "MARTLET_METRICS_SERVICE_HOST",
    ])
    func serviceLinksAreLeftAlone(_ name: String) throws {
        _ = try ServerConfiguration.load(environment: [name: "tcp://10.0.0.1:8443"])
        #expect(!ConfigurationKey.all.contains { $0.environmentName == name })
    }
}

/// 32 bytes of 7.
let base64Key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

/// A file that is gone when the test is.
final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString).yaml").path
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
