import Testing

struct NotInTime: Error, CustomStringConvertible {
    let description: String
}

/// Asks again and again until the answer is yes: for what another process does in its own time.
///
/// - Parameters:
///   - what: what is waited for.
///   - limit: how long.
///   - interval: how long to leave the other process alone between two questions.
/// - Returns: how long it took.
/// - Throws: ``NotInTime``.
@discardableResult
func eventually(
    _ what: String, within limit: Duration = .seconds(120), every interval: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws -> Duration {
    let start = ContinuousClock.now
    while try await !condition() {
        guard ContinuousClock.now - start < limit else { throw NotInTime(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: interval)
    }
    return ContinuousClock.now - start
}
