/// The keys that are trusted, by their names.
///
/// There is no default key: a header without `kid`, or with one that is not here, finds nothing.
public struct VerificationKeySet: Sendable {
    let keys: [VerificationKey]

    /// A set of these keys. Of several with one name, the first counts.
    public init(_ keys: [VerificationKey]) {
        self.keys = keys.enumerated().filter { position, key in
            !keys[..<position].contains { $0.keyID.isIdentical(to: key.keyID) }
        }.map(\.element)
    }

    /// A set of those keys of a JWK set that can check signatures; the others are left out.
    public init(_ set: JWKSet) {
        self.init(set.keys.compactMap { try? VerificationKey($0) })
    }

    /// The names of the keys.
    public var keyIDs: [String] { self.keys.map(\.keyID) }

    /// The key with this name, compared code point by code point.
    public func key(withID keyID: String) -> VerificationKey? {
        self.keys.first { $0.keyID.isIdentical(to: keyID) }
    }
}
