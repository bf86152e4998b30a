/// How the revocation feed is served.
public struct RevocationFeedOptions: Sendable, Hashable {
    /// How long a stream is silent at most, while storage can be read. Readers take a longer silence for a lost
    /// connection, so keep it well below what they bear: 2 seconds, where verifiers wait for 10.
    public var heartbeat: Duration
    /// How many streams may be open at a time; further ones are answered with 503.
    public var streams: Int

    public init(heartbeat: Duration = .seconds(2), streams: Int = 2_000) {
        self.heartbeat = heartbeat
        self.streams = streams
    }
}
