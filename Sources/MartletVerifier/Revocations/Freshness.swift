/// Whether what a verifier knows of revocations is complete up to a moment ago.
public enum Freshness: Sendable, Hashable {
    /// The verifier does not follow the revocations: it has no ``Verifier/Options/revocations``.
    case unwatched
    /// The authority was heard this long ago, and everything that it had revoked by then is honoured here.
    case fresh(age: Duration)
    /// The authority has not been heard within ``RevocationOptions/bound``, for this long now.
    case stale(for: Duration)

    public var isFresh: Bool {
        if case .fresh = self { true } else { false }
    }
}
