extension ConfigurationCheck {
    static let mail: [ConfigurationCheck] = [
        ConfigurationCheck(keys: ["mail.server", "mail.from"]) { configuration in
            guard configuration.mail.server != nil, configuration.mail.from == nil else { return nil }
            return "mail.server needs mail.from, the address that mail is from, such as auth@example.com."
        },
        ConfigurationCheck(keys: ["mail.username", "mail.password"]) { configuration in
            switch (configuration.mail.username, configuration.mail.password) {
            case (.some, nil): "mail.username needs mail.password (MARTLET_MAIL_PASSWORD_FILE reads it from a file)."
            case (nil, .some): "mail.password needs mail.username, whose password it is."
            default: nil
            }
        },
        ConfigurationCheck(keys: ["mail.startTLS", "mail.server"]) { configuration in
            guard configuration.mail.startTLS == .off, let server = configuration.mail.server, !server.beginsWithTLS,
                !server.address.isLoopback
            else { return nil }
            return
                "mail.startTLS is off and mail.server \(server), which is another machine: anyone on the way could read "
                + "and change what is sent. Leave mail.startTLS out, or use smtps://."
        },
        ConfigurationCheck(keys: ["mail.trustedCertificates"]) {
            unreadable($0.mail.trustedCertificates, "mail.trustedCertificates")
        },
    ]
}
