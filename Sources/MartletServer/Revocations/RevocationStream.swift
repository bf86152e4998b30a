import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol
import NIOCore
import ServiceLifecycle

/// One open stream: sends where the list stands, then each change, and a heartbeat where there is none. While storage
/// cannot be read it sends no heartbeat, since nobody knows what was revoked meanwhile.
///
/// It holds one event at most. While its reader does not take that, it waits, and the listener cuts it off where that
/// takes longer than any reader may (``ListenerLimits/writeDeadline``).
struct RevocationStream: Sendable {
    let feed: RevocationFeed
    /// Kept for as long as the stream is.
    let place: RevocationFeed.Place
    /// What the reader signed in with. The stream ends with it.
    let token: VerifiedAccessToken
    let audience: String
    /// What the reader has already.
    let lastEventID: RevocationCursor?
    let clock: MartletCore.Clock

    /// Sends until the reader goes, its token ends, or the server shuts down.
    @concurrent
    func send(to writer: inout any ResponseBodyWriter) async throws {
        let reader = RevocationReader()
        // Before the first event, so that nothing falls between that and the changes.
        feed.open(reader)
        defer { feed.close(reader) }
        // `writer` cannot be captured by a closure that may go on elsewhere.
        var output = writer
        try await withGracefulShutdownHandler {
            try await send(to: &output, woken: reader)
        } onGracefulShutdown: {
            reader.finish()
        }
        try await output.finish(nil)
    }

    @concurrent
    private func send(to output: inout any ResponseBodyWriter, woken reader: RevocationReader) async throws {
        var cursor = try await sendStart(after: lastEventID, to: &output)
        var sentAt = clock.instant
        var heartbeat = NIODeadline.now() + TimeAmount(feed.options.heartbeat)
        reader.wake(by: wakeUp(heartbeat))
        for await _ in reader.wakeUps {
            guard mayGoOn else { return }
            var hasSent = false
            reading: while true {
                switch feed.next(after: cursor) {
                case .nothing:
                    break reading
                case .segment(let segment):
                    if let event = segment.event(for: audience) {
                        try await write(event, to: &output)
                        feed.deliveries.record(since: segment.madeAt)
                        hasSent = true
                    }
                    cursor = segment.end
                case .gap:
                    cursor = try await sendStart(after: cursor, to: &output)
                    hasSent = true
                    // What comes after that wakes this anew.
                    break reading
                }
            }
            let isDue = !hasSent && heartbeat <= .now()
            // A heartbeat says that there is nothing more, in storage as it was since the last event. Where that has to be
            // looked at first, the look wakes this anew, as does a change that was noticed meanwhile.
            if isDue, feed.isCurrent(since: sentAt), feed.log.cursor == cursor {
                // Its cursor is ours: entries that were not for this reader need not be asked for again.
                let event = RevocationEvent(.heartbeat, RevocationUpdate(cursor: cursor, entries: []))
                try await write(event.encoded, to: &output)
                hasSent = true
            }
            reader.hasSent(upTo: cursor)
            // One that is held back stays due, and is tried after as long.
            let next = NIODeadline.now() + TimeAmount(feed.options.heartbeat)
            if hasSent { (sentAt, heartbeat) = (clock.instant, next) }
            reader.wake(by: wakeUp(isDue ? next : heartbeat))
        }
    }

    /// Where the reader stands: the changes since its cursor, or everything.
    ///
    /// - Returns: the cursor that it has then.
    @concurrent
    private func sendStart(
        after cursor: RevocationCursor?, to output: inout any ResponseBodyWriter
    ) async throws -> RevocationCursor {
        if let cursor, let update = feed.changes(after: cursor, for: audience) {
            try await write(RevocationEvent(.changes, update).encoded, to: &output)
            return update.cursor
        }
        let snapshot = feed.snapshot(for: audience)
        try await output.write(RevocationEvent.start(.snapshot, at: snapshot.cursor))
        try await write(snapshot.json, to: &output)
        try await output.write(RevocationEvent.end)
        return snapshot.cursor
    }

    /// Writes in pieces, each once the reader has taken most of what came before: a large event is never copied as a
    /// whole for a reader that is slow.
    @concurrent
    private func write(_ event: ByteBuffer, to output: inout any ResponseBodyWriter) async throws {
        var event = event
        while event.readableBytes > 0, let piece = event.readSlice(length: min(event.readableBytes, 32_768)) {
            try await output.write(piece)
        }
    }

    private var mayGoOn: Bool {
        token.expiresAt > clock.now.seconds && !feed.log.covers(token)
    }

    /// The heartbeat, or the end of the token where that comes first.
    private func wakeUp(_ heartbeat: NIODeadline) -> NIODeadline {
        let life = Timestamp(seconds: token.expiresAt) - clock.now
        return min(heartbeat, .now() + TimeAmount(max(life, .zero)))
    }
}
