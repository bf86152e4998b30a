package import MartletCore
package import MartletJOSE
import MartletProtocol

extension ClientRegistration {
    /// Writes the client as an object, for administrators and the command. The hash of its secret is nobody's business.
    ///
    /// - Parameter secret: where it was made just now.
    package func write(to writer: inout JSONWriter, secret: String? = nil) {
        writer.object {
            $0.member("id", id)
            $0.member("public", isPublic)
            $0.member("scopes", scopes)
            if let audience { $0.member("audience", audience) }
            if let profile { $0.member("profile", profile) }
            if !origins.isEmpty { $0.member("origins", origins.map(\.text)) }
            for (name, value) in overrides.named { $0.member(name, value) }
            if !claims.isEmpty { $0.member("claims", .object(claims)) }
            // The built-in client was never registered.
            if createdAt.milliseconds > 0 { $0.member("createdAt", createdAt.description) }
            if let secret { $0.member("clientSecret", secret) }
        }
    }
}

extension SessionPolicy.Overrides {
    /// What is set, by the names that the configuration has for it.
    package var named: [(name: String, value: String)] {
        [
            ("accessLifetime", accessLifetime?.text), ("idleLimit", idleLimit?.text),
            ("absoluteLimit", absoluteLimit?.text), ("rotation", mode?.rawValue),
            ("lateWindow", lateWindow?.text), ("repeatLimit", repeatLimit?.text),
        ].compactMap { name, value in value.map { (name, $0) } }
    }
}
