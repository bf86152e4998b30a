extension ConfigurationKey {
    /// Whether and how users are written to.
    static let mail: [ConfigurationKey] = [
        ConfigurationKey(
            "mail.server", optional: .mailServer, \.mail.server, defaultValue: .described("none, and no mail is sent"),
            help: "The server that mail is handed to: smtps:// begins with TLS, smtp:// changes to it by STARTTLS."
        ),
        ConfigurationKey(
            "mail.username", optional: .word, \.mail.username, defaultValue: .described("none, and no sign-in there"),
            help: "The user name at the mail server."
        ),
        ConfigurationKey(
            "mail.password", optional: .mailPassword, \.mail.password, defaultValue: .described("none"), isSecret: true,
            help: "The password at the mail server."
        ),
        ConfigurationKey(
            "mail.from", optional: .mailAddress, \.mail.from, defaultValue: .described("none; mail.server needs one"),
            help: "Whom mail is from. Bounces go there, too."
        ),
        ConfigurationKey(
            "mail.startTLS", .choice(of: MailOptions.StartTLS.allCases, note: "off is for a mail server on loopback"),
            \.mail.startTLS,
            help: "Whether smtp:// sends nothing without TLS (required), or does not ask for it (off)."
        ),
        ConfigurationKey(
            "mail.trustedCertificates", optional: .path, \.mail.trustedCertificates,
            defaultValue: .described("the system's"),
            help: "PEM file of the CAs that the mail server's certificate may be of."
        ),
        ConfigurationKey(
            "mail.timeout", .duration(.seconds(1)...(.seconds(20)), example: "20s"), \.mail.timeout,
            help: "How long sending one message may take."
        ),
        ConfigurationKey(
            "mail.perDay", .number(1...1_000), \.mail.perDay,
            help: "How many mails of alarms go to one address in 24 hours, and as many again of other things."
        ),
    ]
}

extension ConfigurationType<MailServer> {
    static let mailServer = Self(
        expectation: "the URL of a mail server, such as smtps://mail.example.com or smtp://mail.example.com:587",
        read: { texts throws(ConfigurationMismatch) in
            guard texts.count == 1 else { throw ConfigurationMismatch(index: 0) }
            guard let server = MailServer(url: texts[0]) else {
                let isAddress = !texts[0].contains("/") && MailServer(url: "smtp://\(texts[0])") != nil
                let hint = isAddress ? "Write smtp:// or smtps:// before it." : nil
                throw ConfigurationMismatch(
                    index: 0, hint: texts[0].contains("@") ? "The user belongs to mail.username." : hint)
            }
            return server
        },
        write: { [$0.description] }
    )
}

extension ConfigurationType<MailAddress> {
    static let mailAddress = Self(
        expectation: "an address, such as auth@example.com or \"Example <auth@example.com>\"",
        read: { texts throws(ConfigurationMismatch) in
            guard texts.count == 1, let address = MailAddress(text: texts[0]) else {
                throw ConfigurationMismatch(index: 0)
            }
            return address
        },
        write: { [$0.description] }
    )
}

extension ConfigurationType<MailPassword> {
    static let mailPassword = Self(
        expectation: "a text without control characters",
        read: { texts throws(ConfigurationMismatch) in
            MailPassword(try ConfigurationType<String>.word.read(texts))
        },
        write: { [$0.description] }
    )
}

extension ConfigurationType<String> {
    static let word = Self(
        expectation: "a text without control characters",
        read: { texts throws(ConfigurationMismatch) in
            guard texts.count == 1, !texts[0].isEmpty, !texts[0].unicodeScalars.contains(where: MailAddress.breaksLines)
            else { throw ConfigurationMismatch(index: 0) }
            return texts[0]
        },
        write: { [$0] }
    )
}
