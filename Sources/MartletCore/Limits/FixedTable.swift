/// Times by key, in memory that does not grow.
///
/// A key may stand in one of eight places, which its hash names. Where all are taken, a new key replaces the one whose
/// time is the earliest. Keys are hashes under a seed of this process (`Hasher`), so nobody outside can choose keys
/// that share their places.
struct FixedTable: Sendable {
    private struct Entry {
        /// 0 in a place that was never taken.
        var key: UInt64 = 0
        /// Milliseconds since 1970.
        var time: Int64 = .min
    }

    static let places = 8
    private let sets: Int
    /// Made when the first key is set: a server that is not attacked has no use for most tables.
    private var entries: [Entry] = []

    /// - Parameter capacity: how many keys it holds; rounded up to a power of two.
    init(capacity: Int) {
        var sets = 1
        while sets * Self.places < capacity { sets *= 2 }
        self.sets = sets
    }

    /// The time of a key; nil where the key is not there.
    func time(of key: UInt64) -> Int64? {
        guard !entries.isEmpty else { return nil }
        let key = max(1, key)
        for place in places(of: key) where entries[place].key == key { return entries[place].time }
        return nil
    }

    /// The time of what would give way to this key; `Int64.min` where a place is free.
    func earliestTime(beside key: UInt64) -> Int64 {
        guard !entries.isEmpty else { return .min }
        return entries[earliestPlace(of: max(1, key))].time
    }

    mutating func set(_ key: UInt64, to time: Int64) {
        if entries.isEmpty { entries = Array(repeating: Entry(), count: sets * Self.places) }
        let key = max(1, key)
        let place = places(of: key).first { entries[$0].key == key } ?? earliestPlace(of: key)
        entries[place] = Entry(key: key, time: time)
    }

    private func places(of key: UInt64) -> Range<Int> {
        // The low bits choose the set.
        let first = Int(truncatingIfNeeded: key & UInt64(sets - 1)) * Self.places
        return first..<first + Self.places
    }

    private func earliestPlace(of key: UInt64) -> Int {
        let places = places(of: key)
        var earliest = places.lowerBound
        for place in places.dropFirst() where entries[place].time < entries[earliest].time { earliest = place }
        return earliest
    }
}
