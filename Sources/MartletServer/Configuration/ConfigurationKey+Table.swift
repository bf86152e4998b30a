import Logging
import MartletCore
import MartletJOSE

extension ConfigurationKey {
    /// Every key, in the order of the commented file.
    public static let all: [ConfigurationKey] = server + detection + notices + mail

    private static let server: [ConfigurationKey] = [
        ConfigurationKey(
            "issuer", optional: .issuer, \.issuer,
            defaultValue: .described("the address that the server listens on"),
            help: "The URL of this server as clients know it: the iss of every token."
        ),
        ConfigurationKey(
            "listen", .address, \.listen,
            help: "Where to listen. Port 0 takes any that is free."
        ),
        ConfigurationKey(
            "management.listen", .addressOrNone, \.management.listen,
            help: "Where /metrics is served, on plain HTTP, for Prometheus. Port 0 takes any that is free."
        ),
        ConfigurationKey(
            "trustedProxies", .addressRanges, \.trustedProxies,
            help: "The reverse proxies whose word on the client's address is believed."
        ),
        ConfigurationKey(
            "tls.certificate", optional: .path, \.tls.certificate,
            defaultValue: .described("a certificate of the local CA, which is made at the first start"),
            help: "PEM file of the certificate and its chain. Replacing it needs no restart."
        ),
        ConfigurationKey(
            "tls.key", optional: .path, \.tls.key,
            defaultValue: .described("the key of the local CA's certificate"),
            help: "PEM file of the certificate's private key."
        ),
        ConfigurationKey(
            "plainHTTP", .flag, \.plainHTTP,
            help: "Speak HTTP without TLS, for a reverse proxy on this machine that does the TLS."
        ),
        ConfigurationKey(
            "data", .path, \.data,
            help: "The folder of the database, the keys and the local CA. Made at the first start, with mode 0700."
        ),
        ConfigurationKey(
            "masterKey", optional: .masterKey, \.masterKey,
            defaultValue: .described("a file in the data folder, which is made at the first start"), isSecret: true,
            help: "Seals the signing keys in the database. In production, keep it apart from the data."
        ),
        ConfigurationKey(
            "profile", .choice(of: SessionProfile.allCases), \.profile,
            help: "The set of lifetimes that the next keys start from."
        ),
        ConfigurationKey(
            "accessLifetime", optional: .duration(.seconds(1)...SessionPolicy.longestAccessLifetime, example: "30m"),
            \.session.accessLifetime, effective: { $0.sessionPolicy.accessLifetime }, defaultValue: .profile,
            help: "How long an access token lives."
        ),
        ConfigurationKey(
            "idleLimit", optional: .duration(.seconds(2)...SessionPolicy.longestIdleLimit, example: "7d"),
            \.session.idleLimit, effective: { $0.sessionPolicy.idleLimit }, defaultValue: .profile,
            help: "How long a session lives without a renewal."
        ),
        ConfigurationKey(
            "absoluteLimit", optional: .duration(.seconds(2)...(.days(3_650)), example: "90d"),
            \.session.absoluteLimit, effective: { $0.sessionPolicy.absoluteLimit }, defaultValue: .profile,
            help: "How long a session lives however often it is renewed."
        ),
        ConfigurationKey(
            "rotation.mode",
            optional: .choice(
                of: [RotationMode.resilient, .strict],
                note: "none is for single clients that are confidential or bound to a key"
            ),
            \.session.rotationMode, effective: { $0.sessionPolicy.rotation.mode }, defaultValue: .profile,
            help: "Whether a lost response costs nothing (resilient) or the session (strict)."
        ),
        ConfigurationKey(
            "rotation.lateWindow", optional: .duration(RotationPolicy.lateWindows, example: "60s"),
            \.session.lateWindow, effective: { $0.sessionPolicy.rotation.lateWindow }, defaultValue: .profile,
            help: "How long after a renewal a delayed duplicate of it is no replay."
        ),
        ConfigurationKey(
            "rotation.repeatLimit", optional: .duration(RotationPolicy.repeatLimits, example: "60s"),
            \.session.repeatLimit, effective: { $0.sessionPolicy.rotation.repeatLimit }, defaultValue: .profile,
            help: "How long a lost response may be asked for again; later, it ends the session."
        ),
        ConfigurationKey(
            "rotationDurability", optional: .choice(of: Durability.allCases),
            \.rotationDurability, effective: { $0.durability },
            defaultValue: .described("relaxed; full where rotation.mode is strict"),
            help: "Whether a renewal is on disk soon after it is answered (relaxed) or before (full)."
        ),
        ConfigurationKey(
            "signingKeys.algorithm", .choice(of: SignatureAlgorithm.all),
            \.signingKeys.algorithm,
            help: "What access tokens are signed with. A change makes a new key; the old one stays published."
        ),
        ConfigurationKey(
            "signingKeys.rotateAfter", .duration(.seconds(60)...(.days(3_650)), example: "90d"),
            \.signingKeys.rotateAfter,
            help: "The age at which a signing key is followed by a new one."
        ),
        ConfigurationKey(
            "signingKeys.publishLead", .duration(.seconds(0)...(.days(30)), example: "10m"),
            \.signingKeys.publishLead,
            help: "How long a new key is published before it signs, so that no verifier meets it unprepared."
        ),
        ConfigurationKey(
            "signUp", .choice(of: SignUpRule.allCases), \.signUp,
            help: "Who can make an account: anyone, whoever has a link of martlet user invite, or nobody."
        ),
        ConfigurationKey(
            "allowedOrigins", .origins, \.allowedOrigins,
            help:
                "The origins of your own pages that are not the issuer's: they may call /v1, and use cookies on the same site."
        ),
        ConfigurationKey(
            "passwords.memory", .size((7 << 20)...(4 << 30), example: "19MiB"), \.passwords.parameters.memory,
            help: "Memory of one Argon2id hash."
        ),
        ConfigurationKey(
            "passwords.iterations", .number(1...100), \.passwords.parameters.iterations,
            help: "Passes of Argon2id over its memory."
        ),
        ConfigurationKey(
            "passwords.threads", .number(1...256), \.passwords.threads,
            defaultValue: .described("half of the cores, at least 1 and at most 4"),
            help: "How many passwords are hashed at once."
        ),
        ConfigurationKey(
            "passwords.queue", .number(0...100_000), \.passwords.queue,
            help: "How many more may wait for their turn. Beyond that, clients are told to come back later."
        ),
        ConfigurationKey(
            "passwords.minimumLength", .number(8...1_024), \.passwords.rules.minimumLength,
            help: "The length of a new password, in bytes, at least."
        ),
        ConfigurationKey(
            "sessions.keepEnded", .duration(.seconds(0)...(.days(3_650)), example: "90d"), \.keepEndedSessions,
            help: "How long a session that is over is kept, to say why it ended."
        ),
        ConfigurationKey(
            "events.renewals", .choice(of: EventSettings.Renewals.allCases), \.events.renewals,
            help: "Which renewals are recorded: none, their number and those from elsewhere (counted), or each."
        ),
        ConfigurationKey(
            "events.keepFor", .duration(.seconds(60)...(.days(3_650)), example: "365d"), \.events.keepFor,
            help: "How long the record of an event is kept."
        ),
        ConfigurationKey(
            "events.keepCount", .number(1_000...100_000_000), \.events.keepCount,
            help: "How many records of events are kept. One takes about half a kilobyte."
        ),
        ConfigurationKey(
            "revocations.heartbeat", .duration(.milliseconds(100)...(.seconds(60)), example: "2s"),
            \.revocations.heartbeat,
            help: "How long a stream of revocations is silent at most. Verifiers take a longer silence for an outage."
        ),
        ConfigurationKey(
            "revocations.streams", .number(1...1_000_000), \.revocations.streams,
            help: "How many streams of revocations may be open at once. Each is one of limits.connections, too."
        ),
        ConfigurationKey(
            "statusList", .flag, \.statusList,
            help: "Whether access tokens name a Token Status List, for verifiers that do not follow the revocations."
        ),
        ConfigurationKey(
            "limits.headerBytes", .size((1 << 10)...(1 << 20), example: "16KiB"), \.limits.headerBytes,
            help: "The size of a request's headers, at most. On HTTP/2 at most 16KiB until SETTINGS are acknowledged."
        ),
        ConfigurationKey(
            "limits.bodyBytes", .size((1 << 10)...(64 << 20), example: "64KiB"), \.limits.bodyBytes,
            help: "The size of a request's body, at most."
        ),
        ConfigurationKey(
            "limits.headTimeout", .duration(.milliseconds(100)...(.seconds(3_600)), example: "10s"),
            \.limits.headTimeout,
            help: "How long a client may take to send a request's headers."
        ),
        ConfigurationKey(
            "limits.bodyTimeout", .duration(.milliseconds(100)...(.seconds(3_600)), example: "30s"),
            \.limits.bodyTimeout,
            help: "How long a client may take to send a request's body."
        ),
        ConfigurationKey(
            "limits.idleTimeout", .duration(.milliseconds(100)...(.seconds(3_600)), example: "60s"),
            \.limits.idleTimeout,
            help: "How long a connection may stay open without a request."
        ),
        ConfigurationKey(
            "limits.connections", .number(1...1_000_000), \.limits.connections,
            help: "How many connections may be open at once."
        ),
        ConfigurationKey(
            "rateLimits.enabled", .flag, \.rateLimits.isEnabled,
            help: "Whether those who try too often are told to come back later (429)."
        ),
        ConfigurationKey(
            "rateLimits.wrongPasswords", .rateLimit, \.rateLimits.wrongPasswords,
            help: "Wrong passwords for one name from one network, a /24 or /64."
        ),
        ConfigurationKey(
            "rateLimits.knownWrongPasswords", .rateLimit, \.rateLimits.knownWrongPasswords,
            help: "The same where the user has signed in before, from that network with that program."
        ),
        ConfigurationKey(
            "rateLimits.networkFailures", .rateLimit, \.rateLimits.networkFailures,
            help: "Wrong passwords from one network for all names."
        ),
        ConfigurationKey(
            "rateLimits.renewals", .rateLimit, \.rateLimits.renewals,
            help: "Renewals of one session."
        ),
        ConfigurationKey(
            "rateLimits.forgedTokens", .rateLimit, \.rateLimits.forgedTokens,
            help: "Refresh tokens from one network that were not made here."
        ),
        ConfigurationKey(
            "rateLimits.clientTokens", .rateLimit, \.rateLimits.clientTokens,
            help: "Access tokens that a client asks for on its own behalf."
        ),
        ConfigurationKey(
            "rateLimits.wrongSecrets", .rateLimit, \.rateLimits.wrongSecrets,
            help: "Wrong secrets for one client from one network."
        ),
        ConfigurationKey(
            "rateLimits.signUps", .rateLimit, \.rateLimits.signUps,
            help: "Accounts that are made from one network."
        ),
        ConfigurationKey(
            "rateLimits.entries", .number(64...16_777_216), \.rateLimits.entries,
            help: "How many names, networks or sessions each of these limits tells apart, at 16 bytes each."
        ),
        ConfigurationKey(
            "log.level", .choice(of: Logger.Level.allCases), \.log.level,
            help: "The least severe level that is logged."
        ),
        ConfigurationKey(
            "log.format", .choice(of: LogFormat.allCases), \.log.format,
            help: "Lines for people (text) or one JSON object a line (json)."
        ),
        ConfigurationKey(
            "insecure.localCertificate", .flag, \.insecure.localCertificate,
            help: "Permit listening beyond loopback with a certificate of the local CA."
        ),
        ConfigurationKey(
            "insecure.missingIssuer", .flag, \.insecure.missingIssuer,
            help: "Permit listening beyond loopback without an issuer."
        ),
        ConfigurationKey(
            "insecure.plainHTTP", .flag, \.insecure.plainHTTP,
            help: "Permit plain HTTP beyond loopback, and an http issuer."
        ),
        ConfigurationKey(
            "insecure.management", .flag, \.insecure.management,
            help: "Permit serving /metrics beyond loopback, to whoever can reach it."
        ),
    ]

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

extension Duration {
    fileprivate static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}
