/// What of what happens is recorded, and for how long.
public struct EventSettings: Sendable, Hashable {
    /// Which renewals are recorded. Repeats, replays and all else that is out of the ordinary always are.
    public enum Renewals: String, Sendable, Hashable, CaseIterable {
        /// None.
        case none
        /// Their number, and each that comes from another network or device than the one before it.
        case counted
        /// Each.
        case each
    }

    public var renewals: Renewals
    /// How long a record is kept.
    public var keepFor: Duration
    /// How many records are kept, at least 1.
    public var keepCount: Int
    /// Who acts where no request is the cause; nil for the authority itself.
    public var actor: String?

    public init(
        renewals: Renewals = .counted, keepFor: Duration = .seconds(365 * 86_400), keepCount: Int = 1_000_000,
        actor: String? = nil
    ) {
        self.renewals = renewals
        self.keepFor = keepFor
        self.keepCount = keepCount
        self.actor = actor
    }
}
