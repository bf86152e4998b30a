/// Goes from record to record, each sealed over the one before, and says what was done where one is not.
struct EventWalk {
    private let chain: EventChain
    private let key: EventKey
    /// The record that was looked at last, or the anchor.
    private(set) var last: (number: Int64, mac: [UInt8])
    /// The seal of the record that the mark beside the database names, once that was seen.
    private var sealOfMark: [UInt8]?

    init(_ chain: EventChain, _ key: EventKey) {
        self.chain = chain
        self.key = key
        last = (chain.anchor.number, chain.anchor.mac)
        note()
    }

    /// Takes the next record.
    ///
    /// - Returns: false where it does not follow on the last one.
    mutating func follow(_ event: StoredEvent) -> Bool {
        guard event.number == last.number + 1, isGenuine(event, as: event.number, after: last.mac) else { return false }
        last = (event.number, event.mac)
        note()
        return true
    }

    private mutating func note() {
        guard let mark = chain.mark, mark.number == last.number, last.number > 0 else { return }
        sealOfMark = key.seal(ofNewest: last.number, mac: last.mac)
    }

    private func isGenuine(_ event: StoredEvent, as number: Int64, after mac: [UInt8]) -> Bool {
        constantTimeEquals(event.mac, key.mac(ofRecord: event.text, number: number, after: mac))
    }

    // MARK: What is wrong

    /// What is wrong with where the records begin.
    var faultBefore: EventFault? {
        guard !chain.anchor.isSealed(as: key.seal(ofAnchor:mac:)) else { return nil }
        return EventFault(
            .seal, number: chain.anchor.number,
            "What says that the records up to \(chain.anchor.number) were removed for their age or number was not "
                + "written here: somebody removed the first records, or another master key is in use.")
    }

    /// What is wrong with where the records end, after the last of them.
    var faultAfter: EventFault? {
        let newest = chain.newest
        if last.number < newest.number {
            return EventFault(
                .cutOff, number: last.number + 1,
                "\(range(last.number + 1, newest.number)) missing at the end: they were cut off.")
        }
        if let mark = chain.mark, mark.number > newest.number {
            return EventFault(
                .cutOff, number: newest.number + 1,
                "\(range(newest.number + 1, mark.number)) missing at the end: they were cut off, and the database was "
                    + "made to say that they never were. The mark beside the database knows of them.")
        }
        if !newest.isSealed(as: key.seal(ofNewest:mac:)) || !constantTimeEquals(newest.mac, last.mac) {
            return EventFault(
                .seal, number: newest.number,
                "What says that the record \(newest.number) is the newest was not written here: records after it may "
                    + "have been cut off.")
        }
        if let mark = chain.mark, let sealOfMark, !constantTimeEquals(mark.seal, sealOfMark) {
            return EventFault(
                .cutOff, number: mark.number,
                "The record \(mark.number) is not the one that the mark beside the database was made for: the records "
                    + "from some place on were cut off, and others were written in their place.")
        }
        return chain.lostMark.map { lost in
            EventFault(
                .mark, number: newest.number,
                "\(lost.words), so nothing shows whether records were cut off at the end: an older state of the "
                    + "database looks the same.")
        }
    }

    /// A record that was written here, and says that the ones before it had been tampered with.
    func recorded(_ event: StoredEvent) -> EventFault {
        EventFault(
            .cutOff, number: event.number,
            "When the record \(event.number) was written, \(event.record.at), the records did not end as they had been "
                + "sealed: \(event.record.detail ?? "no more is known").")
    }

    func inserted(_ event: StoredEvent) -> EventFault {
        EventFault(
            .inserted, number: event.number,
            "The record \(event.number) stands after the newest, and was not written here: it was inserted.")
    }

    /// What was done where the first of these records does not follow on the last one.
    ///
    /// - Parameter window: what stands after the last good record, in order.
    func fault(in window: [StoredEvent]) -> EventFault {
        let number = last.number + 1
        guard let first = window.first else {
            return EventFault(.cutOff, number: number, "The record \(number) is missing at the end: it was cut off.")
        }
        // The record that has to stand here, where it stands now.
        if let place = window.firstIndex(where: { isGenuine($0, as: number, after: last.mac) }) {
            return misplaced(place, in: window)
        }
        if first.number > number {
            return EventFault(
                .removed, number: number,
                "\(range(number, first.number - 1)) missing between others: they were removed.")
        }
        // Who removes records may number the others anew; the link between those still has the old numbers.
        if window.count > 1 {
            for shift in 1...Int64(window.count)
            where isGenuine(window[1], as: window[1].number + shift, after: first.mac) {
                return EventFault(
                    .removed, number: number,
                    "\(range(number, number + shift - 1)) missing: they were removed, and what followed was numbered "
                        + "anew.")
            }
        }
        // Of the last one, the seal tells which it was.
        if window.count == 1 {
            for shift in 1...Int64(EventVerification.lookedAt)
            where constantTimeEquals(
                chain.newest.seal, key.seal(ofNewest: first.number + shift, mac: first.mac))
            {
                return EventFault(
                    .removed, number: number,
                    "\(range(number, number + shift - 1)) missing: they were removed, and the last was numbered anew.")
            }
        }
        return EventFault(.changed, number: number, "The record \(number) was changed.")
    }

    /// - Parameter place: where the record stands that has to be the first.
    private func misplaced(_ place: Int, in window: [StoredEvent]) -> EventFault {
        let number = last.number + 1
        if place == 0 {
            // It is the right one under a wrong number.
            return EventFault(
                .changed, number: number,
                "The record \(number) was given the number \(window[0].number).")
        }
        // Inserted records were not written here; of those that were put elsewhere, each is genuine in its own place.
        let macs = window.prefix(place + 1).map(\.mac)
        let isOurs = (1...Int64(place)).contains { offset in
            macs.contains { isGenuine(window[0], as: number + offset, after: $0) }
        }
        if isOurs {
            return EventFault(
                .reordered, number: number,
                "The record \(number) stands in the place of the record \(window[place].number): they were reordered.")
        }
        return EventFault(
            .inserted, number: window[0].number,
            "\(place == 1 ? "A record was" : "\(place) records were") inserted before the record \(number), and those "
                + "after it were numbered anew.")
    }

    private func range(_ first: Int64, _ last: Int64) -> String {
        first == last ? "The record \(first) is" : "The records \(first) to \(last) are"
    }
}

extension EventChain.LostMark {
    fileprivate var words: String {
        switch loss {
        case .missing: "\(path), which tells of the newest record, is missing"
        case .damaged: "\(path), which tells of the newest record, is damaged"
        case .ofAnotherDatabase: "\(path), which tells of the newest record, is that of another database"
        }
    }
}
