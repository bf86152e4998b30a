import MartletCore

extension ConfigurationKey {
    /// How webhooks are called, and what becomes of notices that cannot be delivered.
    static let notices: [ConfigurationKey] = [
        ConfigurationKey(
            "webhooks.allowPrivateTargets", .flag, \.notices.allowsPrivateTargets,
            help: "Whether webhooks may be on this machine or in a private network, and on loopback without TLS."
        ),
        ConfigurationKey(
            "webhooks.trustedCertificates", optional: .path, \.webhooks.trustedCertificates,
            defaultValue: .described("the system's certificate authorities only"),
            help: "PEM file of certificate authorities that webhooks are trusted by, beside the system's."
        ),
        ConfigurationKey(
            "webhooks.timeout", .duration(.milliseconds(100)...(.seconds(20)), example: "15s"), \.webhooks.timeout,
            help: "How long a webhook may take to answer."
        ),
        ConfigurationKey(
            "outbox.tryFor", .duration(.seconds(60)...(.seconds(30 * 86_400)), example: "3d"), \.notices.tryFor,
            help: "For how long a notice is tried before it is given up."
        ),
        ConfigurationKey(
            "outbox.keepDeadFor", .duration(.seconds(0)...(.seconds(3_650 * 86_400)), example: "30d"),
            \.notices.keepDeadFor,
            help: "How long a notice that was given up is kept."
        ),
        ConfigurationKey(
            "outbox.keepDeadCount", .number(0...10_000_000), \.notices.keepDeadCount,
            help: "How many notices that were given up are kept."
        ),
        ConfigurationKey(
            "outbox.mostPending", .number(100...100_000_000), \.notices.mostPending,
            help: "How many notices may be on their way. Beyond that the oldest are dropped, and counted."
        ),
    ]
}
