import MartletCore

extension ConfigurationKey {
    /// Whether and how detection answers what it finds.
    static let detection: [ConfigurationKey] =
        [
            ConfigurationKey(
                "detection.enabled", .flag, \.detection.watch.isEnabled,
                help: "Whether suspicious patterns raise alarms."
            ),
            ConfigurationKey(
                "detection.threshold", .number(0...100), \.detection.watch.threshold,
                help: "The score from which on an alarm is answered as the next keys say. Below, it is recorded only."
            ),
            ConfigurationKey(
                "detection.places", optional: .path, \.detection.places,
                defaultValue: .described("none, and no alarm for travel"),
                help: "A database in MaxMind's format, such as GeoLite2-City.mmdb: where addresses are."
            ),
            ConfigurationKey(
                "detection.entries", .number(64...16_777_216), \.detection.watch.entries,
                help: "How many sessions, networks and names each are remembered."
            ),
        ] + WatchRule.allCases.map(answer)

    private static func answer(to rule: WatchRule) -> ConfigurationKey {
        ConfigurationKey(
            "detection.\(rule.rawValue)", .choice(of: WatchAnswer.allCases), \.detection.watch[rule],
            help: "What is done about alarms of this rule; docs/detection.md says what it finds."
        )
    }
}
