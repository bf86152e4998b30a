import MartletProtocol

/// Events by time; those of one time in the order in which they were scheduled. A binary heap.
struct EventQueue<Event> {
    private struct Entry {
        var time: Timestamp
        var order: Int
        var event: Event

        func comes(before other: Entry) -> Bool {
            time == other.time ? order < other.order : time < other.time
        }
    }

    private var entries: [Entry] = []
    private var count = 0

    mutating func schedule(_ event: Event, at time: Timestamp) {
        count += 1
        entries.append(Entry(time: time, order: count, event: event))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].comes(before: entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: Timestamp, event: Event)? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if !entries.isEmpty {
            entries[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < entries.count && entries[child].comes(before: entries[least]) {
                    least = child
                }
                guard least != parent else { break }
                entries.swapAt(parent, least)
                parent = least
            }
        }
        return (first.time, first.event)
    }
}
