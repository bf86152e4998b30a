/// Where the records of events begin and end, sealed.
public struct EventChain: Sendable, Hashable {
    /// A record's number and MAC, with a seal that says what the record is.
    public struct End: Sendable, Hashable {
        /// 0 where there is none.
        public var number: Int64
        public var mac: [UInt8]
        public var seal: [UInt8]

        public init(number: Int64, mac: [UInt8], seal: [UInt8]) {
            self.number = number
            self.mac = mac
            self.seal = seal
        }

        /// There is no record yet.
        public static let none = End(number: 0, mac: EventKey.noMAC, seal: EventKey.noMAC)
    }

    /// What is known of the newest record outside of the database.
    public struct Mark: Sendable, Hashable {
        public var number: Int64
        /// The seal of the newest record, as it was then.
        public var seal: [UInt8]

        public init(number: Int64, seal: [UInt8]) {
            self.number = number
            self.seal = seal
        }
    }

    /// The mark beside the database, where it tells nothing of the newest record, and storage keeps one there.
    public struct LostMark: Sendable, Hashable {
        public enum Loss: Sendable, Hashable {
            case missing
            case damaged
            case ofAnotherDatabase
        }

        public var loss: Loss
        /// Where the mark is kept.
        public var path: String

        public init(_ loss: Loss, path: String) {
            self.loss = loss
            self.path = path
        }
    }

    /// The newest record that was written.
    public var newest: End
    /// The newest of those that were removed for their age or number: the first record is sealed over it.
    public var anchor: End
    /// What is kept beside the database, as it was read before the rest; nil where storage keeps nothing there, or
    /// what it keeps knows no record.
    public var mark: Mark?
    /// Set where what is kept there is lost. Who looks at all records says so; who writes the next one goes on.
    public var lostMark: LostMark?

    public init(newest: End = .none, anchor: End = .none, mark: Mark? = nil, lostMark: LostMark? = nil) {
        self.newest = newest
        self.anchor = anchor
        self.mark = mark
        self.lostMark = lostMark
    }
}

extension EventChain {
    /// What is wrong with where the records end, before one more is added; nil where nothing is.
    func fault(_ key: EventKey) -> String? {
        if !newest.isSealed(as: key.seal(ofNewest:mac:)) {
            return "the seal of the newest record, \(newest.number), was not made here"
        }
        guard let mark else { return nil }
        if mark.number > newest.number {
            return "the newest record is \(newest.number), and there was one with the number \(mark.number)"
        }
        return mark.number == newest.number && !constantTimeEquals(mark.seal, newest.seal)
            ? "the record \(newest.number) is not the one that was written" : nil
    }

    /// Seals records, to be appended in this order.
    ///
    /// Where the records do not end as they were sealed, one that says so comes first, and it leaves a gap in the
    /// numbers: what was cut off is not covered up by what is written after it.
    ///
    /// - Returns: what to insert. The chain ends with the last of it.
    public mutating func append(_ records: [EventRecord], sealedWith key: EventKey) -> [StoredEvent] {
        guard let first = records.first else { return [] }
        var records = records
        var number = newest.number
        if let fault = fault(key) {
            records.insert(EventRecord(.eventsTampered, at: first.at, detail: fault), at: 0)
            number = max(number + 1, mark?.number ?? 0)
        }
        var mac = newest.mac
        var sealed: [StoredEvent] = []
        sealed.reserveCapacity(records.count)
        for record in records {
            number += 1
            let text = record.text
            mac = key.mac(ofRecord: text, number: number, after: mac)
            sealed.append(StoredEvent(number: number, text: text, mac: mac))
        }
        newest = End(number: number, mac: mac, seal: key.seal(ofNewest: number, mac: mac))
        return sealed
    }

    /// Notes that the records up to this one are removed.
    public mutating func removeFront(upTo last: StoredEvent, sealedWith key: EventKey) {
        anchor = End(
            number: last.number, mac: last.mac, seal: key.seal(ofAnchor: last.number, mac: last.mac))
    }
}

extension EventChain.End {
    /// Whether the seal was made by who has the key. Where there is no record yet, there is nothing to seal.
    func isSealed(as seal: (Int64, [UInt8]) -> [UInt8]) -> Bool {
        self == .none || constantTimeEquals(self.seal, seal(number, mac))
    }
}
