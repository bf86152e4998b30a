package import MartletCore

/// A kind of key, as administrators and the command name it.
package enum KeyKind: String, CaseIterable, Sendable {
    /// Signs access tokens.
    case signing
    /// Authenticates refresh tokens.
    case refreshToken = "refresh-token"

    package init(_ kind: KeyRecord.Kind) {
        switch kind {
        case .signing: self = .signing
        case .refreshTokenMAC: self = .refreshToken
        }
    }

    /// - Parameter name: also as events name it: `refresh_token_mac`.
    init?(name: String) {
        guard let kind = Self(rawValue: name) ?? KeyRecord.Kind(rawValue: name).map(Self.init) else { return nil }
        self = kind
    }

    package var recordKind: KeyRecord.Kind {
        switch self {
        case .signing: .signing
        case .refreshToken: .refreshTokenMAC
        }
    }
}
