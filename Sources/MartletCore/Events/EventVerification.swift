/// What looking at every record has found.
public struct EventVerification: Sendable, Hashable {
    /// How many records are as they were written.
    public internal(set) var intact = 0
    /// The number of the first record that there is; 0 where there is none.
    public internal(set) var first: Int64 = 0
    /// The number of the newest record.
    public internal(set) var newest: Int64 = 0
    /// The first thing that is not as it was written; nil where all is.
    public internal(set) var fault: EventFault?
}

extension EventVerification {
    private static let perRead = 500
    /// How many records after a fault are looked at, to say what was done.
    static let lookedAt = 200
    /// How often it begins anew where the oldest records are removed meanwhile.
    private static let attempts = 5

    package init(of storage: any EventStorage, sealedWith key: EventKey) async throws(StorageError) {
        for _ in 1..<Self.attempts {
            let chain = try await storage.eventChain()
            let found = try await Self.walk(chain, in: storage, key)
            // Records may have been removed from the front, in order, between two reads.
            if found.fault != nil, try await storage.eventChain().anchor != chain.anchor { continue }
            self = found
            return
        }
        self = try await Self.walk(try await storage.eventChain(), in: storage, key)
    }

    private static func walk(
        _ chain: EventChain, in storage: any EventStorage, _ key: EventKey
    ) async throws(StorageError) -> EventVerification {
        var found = EventVerification()
        found.newest = chain.newest.number
        var walk = EventWalk(chain, key)
        if let fault = walk.faultBefore {
            found.fault = fault
            return found
        }
        while true {
            let page = try await storage.events(EventQuery(.after(walk.last.number), limit: perRead))
            for (index, event) in page.enumerated() {
                // What is written from now on is not looked at.
                if event.number > chain.newest.number {
                    let now = try await storage.eventChain().newest.number
                    found.fault = walk.faultAfter ?? (event.number > now ? walk.inserted(event) : nil)
                    return found
                }
                guard walk.follow(event) else {
                    var window = Array(page[index...])
                    if window.count < lookedAt {
                        window = try await storage.events(EventQuery(.after(walk.last.number), limit: lookedAt))
                    }
                    found.fault = walk.fault(in: window)
                    return found
                }
                if event.record.kind == .eventsTampered {
                    found.fault = walk.recorded(event)
                    return found
                }
                if found.first == 0 { found.first = event.number }
                found.intact += 1
            }
            if page.count < perRead { break }
        }
        found.fault = walk.faultAfter
        return found
    }
}
