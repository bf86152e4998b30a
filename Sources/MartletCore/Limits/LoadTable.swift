import MartletProtocol

/// How much of a limit each key has used, in memory that does not grow.
///
/// A key that finds no place replaces the one that has used the least, and **takes over what that one had used**
/// (Space-Saving, Metwally et al. 2005). So what gives way never makes a limit looser: whoever fills the table with
/// other keys to have one forgotten starts anew at no less than the least that any of them has used. What it costs is
/// that a new key may be slowed early, while a flood of keys lasts that have each used much.
struct LoadTable: Sendable {
    let limit: RateLimit
    private let interval: Int64
    private var table: FixedTable

    init(_ limit: RateLimit, capacity: Int) {
        self.limit = limit
        interval = max(1, limit.interval.wholeMilliseconds)
        table = FixedTable(capacity: capacity)
    }

    /// How long until one more of this key is let through; nil where it is now.
    ///
    /// - Parameter burst: a smaller burst than the limit's.
    func wait(for key: UInt64, burst: Int? = nil, at now: Timestamp) -> Duration? {
        let allowed = Int64(min(burst ?? limit.burst, limit.burst) - 1) * interval
        let over = load(of: key, at: now) - allowed
        return over > 0 ? .milliseconds(over) : nil
    }

    /// Counts one more.
    mutating func charge(_ key: UInt64, at now: Timestamp) {
        table.set(key, to: now.milliseconds + min(full, load(of: key, at: now) + interval))
    }

    /// Takes one back that was counted.
    mutating func refund(_ key: UInt64, at now: Timestamp) {
        guard table.time(of: key) != nil else { return }
        table.set(key, to: now.milliseconds + max(0, load(of: key, at: now) - interval))
    }

    /// Counts one more where the limit lets it through.
    ///
    /// - Returns: how long to wait; nil where it was counted.
    mutating func take(_ key: UInt64, at now: Timestamp) -> Duration? {
        if let wait = wait(for: key, at: now) { return wait }
        charge(key, at: now)
        return nil
    }

    /// In milliseconds. Never more than the full limit, so a clock that was set back shuts nobody out for longer.
    private func load(of key: UInt64, at now: Timestamp) -> Int64 {
        let end = table.time(of: key) ?? table.earliestTime(beside: key)
        return end > now.milliseconds ? min(full, end - now.milliseconds) : 0
    }

    private var full: Int64 { Int64(limit.burst) * interval }
}
