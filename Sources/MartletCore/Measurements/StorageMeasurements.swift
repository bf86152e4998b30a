/// How long storage lets its callers wait.
package final class StorageMeasurements: Sendable {
    /// How long presentations waited for their transaction, and other writes for theirs.
    package let presentationWaits = DurationHistogram()
    package let writeWaits = DurationHistogram()
    /// How long the transactions took, their commits included. Presentations share one.
    package let presentationCommits = DurationHistogram()
    package let writeCommits = DurationHistogram()

    package init() {}
}

/// Storage that measures itself.
package protocol MeasuredStorage: Storage {
    var measurements: StorageMeasurements { get }
    /// How many presentations wait for their transaction now.
    var waitingPresentations: Int { get }
    /// How many sessions were ended while it was opened, since it had been put back from a backup: before there was
    /// anybody to tell.
    var sessionsEndedByRestore: Int { get }
}
