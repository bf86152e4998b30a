/// What one client may take from the listener: sizes, times and numbers.
///
/// Every limit is a deadline for the whole of a thing, not a pause between two bytes, so a client that sends or reads
/// one byte a second is let go like one that sends nothing.
public struct ListenerLimits: Sendable {
    /// The most bytes that the names and values of one request's header fields may have together, on HTTP/2 with 32
    /// more for each field (RFC 9113 §6.5.2). More is answered with 431. 16 KiB by default.
    public var headerListSize = 16 * 1024

    /// The most header fields of one HTTP/1.1 request. More is answered with 431. 128 by default.
    public var headerFieldCount = 128

    /// The most bytes of one request's body. More is answered with 413, with or without `Content-Length`. 64 KiB by
    /// default.
    public var bodySize = 64 * 1024

    /// The time from the accepted connection to the end of its first request's head, TLS handshake included. 10 s by
    /// default.
    public var headDeadline: Duration = .seconds(10)

    /// The time from the end of a request's head to the end of its body. Longer is answered with 408. 20 s by default.
    public var bodyDeadline: Duration = .seconds(20)

    /// How long a connection may stay open from its last answer to the end of the next request's head. 60 s by default.
    public var keepAlive: Duration = .seconds(60)

    /// The time in which a client has to take what was written to it, so that more can be written; also the time in
    /// which it has to take the end of an HTTP/2 answer. 20 s by default.
    public var writeDeadline: Duration = .seconds(20)

    /// How long the end of a connection may take: the client reads the last answer and closes its side. 2 s by default.
    public var closeDeadline: Duration = .seconds(2)

    /// How long a graceful shutdown waits for answers that are under way. 20 s by default.
    public var shutdownDeadline: Duration = .seconds(20)

    /// The most connections at a time; further ones wait to be accepted. Where the process may open fewer files, the
    /// listener keeps to that. 8192 by default.
    public var connections = 8192

    /// The most HTTP/2 streams of one connection at a time. 100 by default.
    public var streamsPerConnection = 100

    /// The most HTTP/2 streams that one connection may have reset, or have failed, in 30 s (CVE-2023-44487). 200 by
    /// default.
    public var streamResets = 200

    /// The most HTTP/2 control frames (PING, SETTINGS, PRIORITY and the like) on one connection in 30 s. 200 by
    /// default.
    public var controlFrames = 200

    public init() {}
}
