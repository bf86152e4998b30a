import MartletServer
import Testing

/// Each mistake is told with its place and what would be right.
struct ConfigurationProblemTests {
    private func problems(
        file: String? = nil, environment: [String: String] = [:], overrides: [String: String] = [:]
    ) throws -> [String] {
        let file = try file.map(TemporaryFile.init)
        do {
            _ = try ServerConfiguration.load(file: file?.path, environment: environment, overrides: overrides)
            return []
        } catch {
            #expect(error.description == error.problems.map(\.description).joined(separator: "\n"))
            return error.problems.map { $0.description.replacing((file?.path ?? "no file") + ":", with: "") }
        }
    }

    static let mistakes: [(file: String, problem: String)] = [
        ("idelLimit: 7d", "1:1: there is no key idelLimit. Did you mean idleLimit?"),
        ("signUp: open\n\ntls:\n  certifcate: x", "4:3: there is no key tls.certifcate. Did you mean tls.certificate?"),
        ("tls:\n  cert: x", "2:3: there is no key tls.cert. Did you mean tls.certificate?"),
        ("tls:\n  c: x", "2:3: there is no key tls.c. Did you mean tls.certificate?"),
        ("passwords:\n  m: 19MiB", "2:3: there is no key passwords.m. docs/configuration.md has them all."),
        ("certificate: x", "1:1: there is no key certificate. Did you mean tls.certificate?"),
        ("colour: blue", "1:1: there is no key colour. docs/configuration.md has them all."),
        ("tls.key: x", "1:1: tls.key is written as two lines: `tls:`, and below it, indented, `key: …`."),
        ("tls: x", "1:6: tls has keys of its own, indented on the lines below it."),
        ("accessLifetime: 30", "1:17: accessLifetime is \"30\". It has to be a duration from 1s to 1d, such as 30m."),
        (
            "accessLifetime: 1.5h",
            "1:17: accessLifetime is \"1.5h\". It has to be a duration from 1s to 1d, such as 30m."
        ),
        ("accessLifetime: 2d", "1:17: accessLifetime is \"2d\". It has to be a duration from 1s to 1d, such as 30m."),
        ("accessLifetime: -5m", "1:17: accessLifetime is \"-5m\". It has to be a duration from 1s to 1d, such as 30m."),
        (
            "accessLifetime:",
            "1:16: accessLifetime has no value. It has to be a duration from 1s to 1d, such as 30m; leave it out for the default."
        ),
        ("accessLifetime: [5m]", "1:17: accessLifetime has to be a duration from 1s to 1d, such as 30m."),
        ("accessLifetime: {}", "1:17: accessLifetime has to be a duration from 1s to 1d, such as 30m."),
        ("plainHTTP: yes", "1:12: plainHTTP is \"yes\". It has to be true or false."),
        ("profile: bank", "1:10: profile is \"bank\". It has to be banking, standard or persistent."),
        ("signUp: invited", "1:9: signUp is \"invited\". It has to be open, invite or closed."),
        (
            "rotation:\n  mode: none",
            "2:9: rotation.mode is \"none\". It has to be resilient or strict (none is for single clients that are confidential or bound to a key)."
        ),
        (
            "signingKeys:\n  algorithm: HS256",
            "2:14: signingKeys.algorithm is \"HS256\". It has to be ES256, EdDSA, RS256 or PS256."
        ),
        (
            "passwords:\n  memory: 19456",
            "2:11: passwords.memory is \"19456\". It has to be a size from 7MiB to 4GiB, such as 19MiB."
        ),
        ("passwords:\n  threads: 0", "2:12: passwords.threads is \"0\". It has to be a whole number from 1 to 256."),
        (
            "allowedOrigins: [https://a.example, https://app.example.com/]",
            "1:37: allowedOrigins is \"https://app.example.com/\". It has to be a list of origins as browsers send them, such as [https://app.example.com]. Leave out the slash at its end."
        ),
        (
            "trustedProxies: 10.0.0.0/8",
            "1:17: trustedProxies has to be a list of addresses or CIDR ranges, such as [10.0.0.0/8, ::1]."
        ),
        (
            "trustedProxies:\n- ::1\n- 10.1.2.3/8",
            "3:3: trustedProxies is \"10.1.2.3/8\". It has to be a list of addresses or CIDR ranges, such as [10.0.0.0/8, ::1]."
        ),
        (
            "mail:\n  server: mail.example.com",
            "2:11: mail.server is \"mail.example.com\". It has to be the URL of a mail server, such as smtps://mail.example.com or smtp://mail.example.com:587. Write smtp:// or smtps:// before it."
        ),
        (
            "mail:\n  server: smtp://me@mail.example.com",
            "2:11: mail.server is \"smtp://me@mail.example.com\". It has to be the URL of a mail server, such as smtps://mail.example.com or smtp://mail.example.com:587. The user belongs to mail.username."
        ),
        (
            "mail:\n  server: smtps://mail.example.com/in",
            "2:11: mail.server is \"smtps://mail.example.com/in\". It has to be the URL of a mail server, such as smtps://mail.example.com or smtp://mail.example.com:587."
        ),
        (
            "mail:\n  server: smtps://mail.example.com",
            "2:11: mail.server needs mail.from, the address that mail is from, such as auth@example.com."
        ),
        (
            "mail:\n  from: Martlet",
            "2:9: mail.from is \"Martlet\". It has to be an address, such as auth@example.com or \"Example <auth@example.com>\"."
        ),
        (
            "mail:\n  username: me",
            "2:13: mail.username needs mail.password (MARTLET_MAIL_PASSWORD_FILE reads it from a file)."
        ),
        ("mail:\n  password: secret", "2:13: mail.password needs mail.username, whose password it is."),
        (
            "mail:\n  startTLS: off\n  server: smtp://mail.example.com\n  from: a@example.com",
            "2:13: mail.startTLS is off and mail.server smtp://mail.example.com:587, which is another machine: anyone on the way could read and change what is sent. Leave mail.startTLS out, or use smtps://."
        ),
        (
            "mail:\n  trustedCertificates: /nowhere.pem",
            "2:24: mail.trustedCertificates is /nowhere.pem. It has to be a file that this user can read."
        ),
        (
            "mail:\n  timeout: 1m",
            "2:12: mail.timeout is \"1m\". It has to be a duration from 1s to 20s, such as 20s."
        ),
        ("data: ''", "1:7: data is \"\". It has to be a path."),
        (
            "data: \"a\\u001bb\\n\"\nsignUp: \"a\\u001bb\"",
            "2:9: signUp is \"a\u{FFFD}b\". It has to be open, invite or closed."
        ),
        (
            "masterKey: tooshort",
            "1:12: masterKey has to be the base64 of 32 bytes, such as `openssl rand -base64 32` prints."
        ),
        (
            "listen: :8443",
            "1:9: listen is \":8443\". It has to be HOST:PORT, such as localhost:8443, 0.0.0.0:443 or [::1]:8443."
        ),
        (
            "management:\n  listen: 9464",
            "2:11: management.listen is \"9464\". It has to be HOST:PORT, such as 127.0.0.1:9464, or \"\" for none."
        ),
        ("- a\n- b", "1:1: a configuration is a mapping: lines such as `listen: localhost:8443`."),
        ("listen", "1:1: a configuration is a mapping: lines such as `listen: localhost:8443`."),
        ("[a]: b", "1:1: a key has to be a plain name."),
        ("a: b: c", "1:5: this is not YAML: mapping values are not allowed in this context."),
        ("signUp: open\nlisten: \"x", "2:11: this is not YAML: found unexpected end of stream."),
        ("signUp: open\ndata: x\nsignUp: closed", "3:1: signUp is there a second time. Keep one of the two."),
        ("tls:\n  key: a\n  key: b\nlog:\n  level: info", "3:3: key is there a second time. Keep one of the two."),
        (
            "log:\n  level: info\n  format: text\n\n# x\n  level: debug\ntls:\n  level: x",
            "6:3: level is there a second time. Keep one of the two."
        ),
        ("log: {level: info, level: debug}", "1:7: level is there a second time. Keep one of the two."),
    ]

    @Test(arguments: mistakes)
    func aMistakeInTheFile(file: String, problem: String) throws {
        let found = try problems(file: file)
        #expect(found == [problem])
    }

    static let disagreements: [(file: String, problem: String)] = [
        (
            "idleLimit: 20m",
            "1:12: accessLifetime is 30m and idleLimit 20m. An access token has to live for less than the idle limit, or no session would outlive it."
        ),
        (
            "idleLimit: 100d",
            "1:12: idleLimit is 100d and absoluteLimit 90d. The idle limit has to be at most the absolute one."
        ),
        (
            "profile: banking\naccessLifetime: 15m",
            "2:17: accessLifetime is 15m and idleLimit 15m. An access token has to live for less than the idle limit, or no session would outlive it."
        ),
        (
            "rotationDurability: relaxed\nrotation:\n  mode: strict",
            "1:21: rotationDurability is relaxed and rotation.mode strict. Strict rotation has to be on disk before it is answered: leave rotationDurability out, or make it full."
        ),
        (
            "signingKeys:\n  rotateAfter: 5m",
            "2:16: signingKeys.publishLead is 10m and signingKeys.rotateAfter 5m. A key has to be published for less time than it signs."
        ),
        (
            "tls:\n  key: /dev/null",
            "2:8: tls.key needs tls.certificate, the file of the certificate that it belongs to."
        ),
        ("tls:\n  certificate: /dev/null", "2:16: tls.certificate needs tls.key, the file of its private key."),
        (
            "tls:\n  certificate: /nowhere/a.pem\n  key: /dev/null",
            "2:16: tls.certificate is /nowhere/a.pem. It has to be a file that this user can read."
        ),
        (
            "plainHTTP: true\ntls:\n  certificate: /dev/null\n  key: /dev/null",
            "1:12: plainHTTP is true, and there is a certificate, which it would not use. Leave one of the two out."
        ),
        (
            "issuer: http://auth.example.com\nplainHTTP: true",
            "1:9: issuer is http://auth.example.com. It has to be an https URL (RFC 8414 §2); http is for plainHTTP on loopback, or with insecure.plainHTTP."
        ),
        (
            "issuer: http://localhost:8080",
            "1:9: issuer is http://localhost:8080. It has to be an https URL (RFC 8414 §2); http is for plainHTTP on loopback, or with insecure.plainHTTP."
        ),
        (
            "listen: 0.0.0.0:8443\ninsecure: {localCertificate: true}",
            "1:9: 0.0.0.0:8443 is reached from other machines. Set issuer to the URL that clients use, such as https://auth.example.com, or insecure.missingIssuer to true."
        ),
        (
            "listen: auth:443\nissuer: https://auth",
            "1:9: auth:443 is reached from other machines, which do not know this one's local CA. Set tls.certificate and tls.key, or insecure.localCertificate to true."
        ),
        (
            "listen: \"[::]:80\"\nissuer: https://auth\nplainHTTP: true",
            "1:9: [::]:80 is reached from other machines, where anyone on the way can read passwords sent by plain HTTP. Listen on loopback, leave plainHTTP out, or set insecure.plainHTTP to true."
        ),
    ]

    @Test(arguments: disagreements)
    func valuesThatDoNotAgree(file: String, problem: String) throws {
        let found = try problems(file: file)
        #expect(found == [problem])
    }

    @Test(arguments: [
        "listen: 0.0.0.0:8443\nissuer: https://auth.example.com\ntls: {certificate: /dev/null, key: /dev/null}",
        "listen: 0.0.0.0:8443\ninsecure: {localCertificate: true, missingIssuer: true}",
        "listen: 0.0.0.0:8080\nissuer: https://auth.example.com\nplainHTTP: true\ninsecure: {plainHTTP: true}",
        "plainHTTP: true\nissuer: http://127.0.0.1:8080", "plainHTTP: true\nissuer: http://[::1]:8080",
        "plainHTTP: true\nissuer: https://auth.example.com", "plainHTTP: true",
    ])
    func whatIsPermitted(file: String) throws {
        #expect(try problems(file: file) == [])
    }

    @Test(arguments: [
        "https://auth.example.com/path", "https://auth.example.com/path/", "https://auth.example.com//",
        "https://auth.example.com?x", "auth.example.com",
        "https://", "https://auth.example.com#", "https://user@auth.example.com", "https://Auth.example.com",
        "https://auth.example.com:", "https://auth.example.com:99999", "ftp://auth.example.com", "https://a b",
    ])
    func anIssuerIsWrittenInOneWay(issuer: String) throws {
        #expect(
            try problems(environment: ["MARTLET_ISSUER": issuer]) == [
                "MARTLET_ISSUER: issuer is \"\(issuer)\". It has to be an https URL of scheme, host and port only, such "
                    + "as https://auth.example.com."
            ]
        )
    }

    @Test func aVariableThatBreaksOffIsRecognized() throws {
        #expect(
            try problems(environment: ["MARTLET_TLS_CERT": "x"]) == [
                "MARTLET_TLS_CERT: there is no such variable. Did you mean MARTLET_TLS_CERTIFICATE?"
            ]
        )
    }

    @Test func anIssuerWithASlashIsToldOfIt() throws {
        #expect(
            try problems(environment: ["MARTLET_ISSUER": "https://auth.example.com/"]) == [
                "MARTLET_ISSUER: issuer is \"https://auth.example.com/\". It has to be an https URL of scheme, host and "
                    + "port only, such as https://auth.example.com. Leave out the slash at its end."
            ]
        )
    }

    @Test func everyProblemIsTold() throws {
        let file = """
            idleLimt: 7d
            plainHTTP: 1
            listen: 0.0.0.0:8443
            insecure: {localCertificate: true}
            """
        let found = try problems(
            file: file,
            environment: ["MARTLET_SIGNUP": "open", "MARTLET_PROFILE": "x", "MARTLET_MASTER_KEY_FILE": "/nowhere"],
            overrides: ["data": ""]
        )
        #expect(
            found == [
                "1:1: there is no key idleLimt. Did you mean idleLimit?",
                "MARTLET_MASTER_KEY_FILE: there is no file /nowhere.",
                "MARTLET_SIGNUP: there is no such variable. Did you mean MARTLET_SIGN_UP?",
                "2:12: plainHTTP is \"1\". It has to be true or false.",
                "MARTLET_PROFILE: profile is \"x\". It has to be banking, standard or persistent.",
                "--data: data is \"\". It has to be a path.",
                "3:9: 0.0.0.0:8443 is reached from other machines. Set issuer to the URL that clients use, such as "
                    + "https://auth.example.com, or insecure.missingIssuer to true.",
            ]
        )
    }

    @Test func aSecretIsNotRepeated() throws {
        let file = try TemporaryFile("hunter2\nhunter3\n")
        for environment in [["MARTLET_MASTER_KEY": "hunter2"], ["MARTLET_MASTER_KEY_FILE": file.path]] {
            let found = try problems(environment: environment)
            #expect(found.count == 1)
            #expect(!found[0].contains("hunter"))
        }
        #expect(
            try problems(environment: ["MARTLET_MASTER_KEY": base64Key, "MARTLET_MASTER_KEY_FILE": file.path]) == [
                "MARTLET_MASTER_KEY_FILE: MARTLET_MASTER_KEY is set too. Keep one of the two."
            ]
        )
    }

    @Test func aFileThatCannotBeRead() throws {
        #expect(throws: ConfigurationError.self) {
            try ServerConfiguration.load(file: "/nowhere.yaml", environment: [:])
        }
        #expect(
            try problems(environment: ["MARTLET_CONFIG": "/nowhere.yaml"]) == [
                "MARTLET_CONFIG: there is no file /nowhere.yaml."
            ]
        )
        #expect(
            try problems(environment: ["MARTLET_CONFIG": "/"]) == [
                "MARTLET_CONFIG: / cannot be read. It has to be a file that this user may read."
            ]
        )
    }
}
