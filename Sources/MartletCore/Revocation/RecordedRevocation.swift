public import MartletProtocol

/// An entry of the denylist as the feed has it.
public struct RecordedRevocation: Sendable, Hashable {
    /// Its place in the order of commits.
    public let number: Int64
    public let entry: RevocationEntry
    /// The `aud` of the tokens that it is about; nil where it concerns everyone.
    public let audience: String?

    public init(number: Int64, entry: RevocationEntry, audience: String?) {
        self.number = number
        self.entry = entry
        self.audience = audience
    }
}
