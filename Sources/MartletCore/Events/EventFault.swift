/// The first thing about the records that is not as it was written.
public struct EventFault: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A record says something else than it did.
        case changed
        /// Records are missing between others.
        case removed
        /// A record was not written here.
        case inserted
        /// Records stand in another order.
        case reordered
        /// Records are missing at the end.
        case cutOff = "cut_off"
        /// What says where the records begin or end was changed.
        case seal
        /// What says outside of the database where the records end is lost: whether some are missing there, nobody can
        /// tell.
        case mark
    }

    public var kind: Kind
    /// The number of the first record that it is about.
    public var number: Int64
    /// What was found, in whole sentences.
    public var words: String

    public init(_ kind: Kind, number: Int64, _ words: String) {
        self.kind = kind
        self.number = number
        self.words = words
    }
}
