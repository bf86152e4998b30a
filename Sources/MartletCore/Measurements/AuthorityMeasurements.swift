/// What the engine measures of itself, for whoever shows it. It is written on the way of requests, and read now and then.
public final class AuthorityMeasurements: Sendable {
    /// From the presented refresh token to the answer, whatever that was.
    package let renewals = DurationHistogram()
    /// From a name and a password to the answer, whatever that was.
    package let signIns = DurationHistogram()
    /// How long passwords waited for a thread, and how long hashing them took.
    package let hashWaits = DurationHistogram()
    package let hashes = DurationHistogram()
    /// Passwords that are being hashed, or wait for it.
    package let hashesPending = Gauge()
    /// Passwords that found the queue full.
    package let hashesRefused = Counter()
    /// Records of events that had to be dropped.
    package let eventsDropped = Counter()

    public init() {}
}
