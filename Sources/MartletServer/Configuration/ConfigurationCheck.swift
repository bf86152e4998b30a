import MartletCore
import MartletProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Something that several values have to agree on.
struct ConfigurationCheck: Sendable {
    /// What it concerns, the most telling first: a problem is reported where the first of them was set.
    let keys: [String]
    /// What is wrong and what would be right; nil where nothing is.
    let problem: @Sendable (ServerConfiguration) -> String?
}

extension ConfigurationCheck {
    static let all: [ConfigurationCheck] = lifetimes + transport + mail

    private static let lifetimes: [ConfigurationCheck] = [
        ConfigurationCheck(keys: ["accessLifetime", "idleLimit", "profile"]) { configuration in
            let policy = configuration.sessionPolicy
            guard policy.accessLifetime >= policy.idleLimit else { return nil }
            return "accessLifetime is \(policy.accessLifetime.text) and idleLimit \(policy.idleLimit.text). An access "
                + "token has to live for less than the idle limit, or no session would outlive it."
        },
        ConfigurationCheck(keys: ["idleLimit", "absoluteLimit", "profile"]) { configuration in
            let policy = configuration.sessionPolicy
            guard policy.idleLimit > policy.absoluteLimit else { return nil }
            return "idleLimit is \(policy.idleLimit.text) and absoluteLimit \(policy.absoluteLimit.text). The idle "
                + "limit has to be at most the absolute one."
        },
        ConfigurationCheck(keys: ["rotationDurability", "rotation.mode"]) { configuration in
            guard configuration.sessionPolicy.rotation.mode == .strict, configuration.durability == .relaxed else {
                return nil
            }
            return "rotationDurability is relaxed and rotation.mode strict. Strict rotation has to be on disk before "
                + "it is answered: leave rotationDurability out, or make it full."
        },
        ConfigurationCheck(keys: ["signingKeys.publishLead", "signingKeys.rotateAfter"]) { configuration in
            let keys = configuration.signingKeys
            guard keys.publishLead >= keys.rotateAfter else { return nil }
            return "signingKeys.publishLead is \(keys.publishLead.text) and signingKeys.rotateAfter "
                + "\(keys.rotateAfter.text). A key has to be published for less time than it signs."
        },
    ]

    private static let transport: [ConfigurationCheck] = [
        ConfigurationCheck(keys: ["tls.certificate", "tls.key"]) { configuration in
            switch (configuration.tls.certificate, configuration.tls.key) {
            case (.some, nil): "tls.certificate needs tls.key, the file of its private key."
            case (nil, .some): "tls.key needs tls.certificate, the file of the certificate that it belongs to."
            default: nil
            }
        },
        ConfigurationCheck(keys: ["tls.certificate"]) { unreadable($0.tls.certificate, "tls.certificate") },
        ConfigurationCheck(keys: ["tls.key"]) { unreadable($0.tls.key, "tls.key") },
        ConfigurationCheck(keys: ["detection.places"]) { unreadable($0.detection.places, "detection.places") },
        ConfigurationCheck(keys: ["webhooks.trustedCertificates"]) {
            unreadable($0.webhooks.trustedCertificates, "webhooks.trustedCertificates")
        },
        ConfigurationCheck(keys: ["plainHTTP", "tls.certificate", "tls.key"]) { configuration in
            guard configuration.plainHTTP, configuration.tls != .init() else { return nil }
            return "plainHTTP is true, and there is a certificate, which it would not use. Leave one of the two out."
        },
        ConfigurationCheck(keys: ["issuer", "plainHTTP", "insecure.plainHTTP"]) { configuration in
            guard let issuer = configuration.issuer, issuer.hasPrefix("http:"), !configuration.insecure.plainHTTP,
                !(configuration.plainHTTP && isLoopbackURL(issuer))
            else { return nil }
            return "issuer is \(issuer). It has to be an https URL (RFC 8414 §2); http is for plainHTTP on loopback, "
                + "or with insecure.plainHTTP."
        },
        ConfigurationCheck(keys: ["listen", "insecure.missingIssuer", "issuer"]) { configuration in
            guard !configuration.listen.isLoopback, configuration.issuer == nil,
                !configuration.insecure.missingIssuer
            else { return nil }
            return "\(configuration.listen) is reached from other machines. Set issuer to the URL that clients use, "
                + "such as https://auth.example.com, or insecure.missingIssuer to true."
        },
        ConfigurationCheck(keys: ["management.listen", "insecure.management"]) { configuration in
            guard let address = configuration.management.listen, !address.isLoopback,
                !configuration.insecure.management
            else { return nil }
            return "management.listen is \(address), which is reached from other machines, and /metrics asks nobody "
                + "who they are. Keep it on loopback, leave it empty for no metrics, or set insecure.management to "
                + "true."
        },
        ConfigurationCheck(keys: ["listen", "insecure.plainHTTP", "plainHTTP"]) { configuration in
            guard !configuration.listen.isLoopback, configuration.plainHTTP, !configuration.insecure.plainHTTP else {
                return nil
            }
            return "\(configuration.listen) is reached from other machines, where anyone on the way can read "
                + "passwords sent by plain HTTP. Listen on loopback, leave plainHTTP out, or set insecure.plainHTTP "
                + "to true."
        },
        ConfigurationCheck(
            keys: ["listen", "insecure.localCertificate", "tls.certificate", "tls.key", "plainHTTP"]
        ) { configuration in
            guard !configuration.listen.isLoopback, !configuration.plainHTTP, configuration.tls == .init(),
                !configuration.insecure.localCertificate
            else { return nil }
            return "\(configuration.listen) is reached from other machines, which do not know this one's local CA. "
                + "Set tls.certificate and tls.key, or insecure.localCertificate to true."
        },
    ]

    static func unreadable(_ path: String?, _ key: String) -> String? {
        guard let path, !FileManager.default.isReadableFile(atPath: path) else { return nil }
        return "\(key) is \(path). It has to be a file that this user can read."
    }

    /// - Parameter url: as `ConfigurationType.issuer` takes it.
    private static func isLoopbackURL(_ url: String) -> Bool {
        let authority = url.drop { $0 != "/" }.dropFirst(2)
        return ListenAddress(text: authority)?.isLoopback ?? ListenAddress(text: "\(authority):80")?.isLoopback ?? false
    }
}
