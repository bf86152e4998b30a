import MartletProtocol

/// A record as storage holds it: with its place in the order of commits, and sealed over the record before it.
public struct StoredEvent: Sendable, Hashable {
    /// Counts from 1, without gaps.
    public var number: Int64
    /// The record's text, byte for byte as it was sealed.
    public var text: String
    /// HMAC-SHA256 over the number, the record before it, and the text; see `EventKey`.
    public var mac: [UInt8]

    public init(number: Int64, text: String, mac: [UInt8]) {
        self.number = number
        self.text = text
        self.mac = mac
    }

    /// The record; where the text cannot be read, somebody changed it, and a record says so in its place.
    public var record: EventRecord {
        do throws(ProtocolError) {
            return try EventRecord(text: text)
        } catch {
            return EventRecord(
                .eventsTampered, at: Timestamp(milliseconds: 0), detail: "record \(number) cannot be read")
        }
    }
}
