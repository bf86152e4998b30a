import AsyncHTTPClient
import MartletJOSE
import MartletProtocol
import NIOCore
import Testing

/// One event, as a reader gets it.
struct ReceivedEvent: CustomStringConvertible {
    let name: String
    let id: String
    let update: RevocationUpdate

    /// `snapshot a.3 [user u]`.
    var description: String {
        let entries = update.entries.map { "\($0.kind.rawValue) \($0.id ?? "")" }
        return "\(name) \(id) [\(entries.joined(separator: ", "))]"
    }

    /// - Parameter text: the event's lines.
    init(_ text: Substring) throws {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let colon = try #require(line.firstRange(of: ": "), "\(line)")
            #expect(fields.updateValue(line[colon.upperBound...], forKey: line[..<colon.lowerBound]) == nil)
        }
        #expect(Set(fields.keys) == ["event", "id", "data"])
        name = String(fields["event"] ?? "")
        id = String(fields["id"] ?? "")
        let limits = JSONLimits(maximumBytes: 64 << 20, maximumMembers: 10_000_000)
        update = try RevocationUpdate(
            JSONMembers(parsing: Array((fields["data"] ?? "").utf8), limits: limits))
        // The id is the cursor, so that `Last-Event-ID` resumes.
        #expect(id == update.cursor.description)
    }
}

/// Reads the events of a stream as they come.
struct EventReader {
    private var body: HTTPClientResponse.Body.AsyncIterator
    private var text = ""

    init(_ response: HTTPClientResponse) {
        body = response.body.makeAsyncIterator()
    }

    /// The next event; nil where the stream has ended in order.
    mutating func next() async throws -> ReceivedEvent? {
        while true {
            if let end = text.firstRange(of: "\n\n") {
                let event = try ReceivedEvent(text[..<end.lowerBound])
                text.removeSubrange(..<end.upperBound)
                return event
            }
            guard let part = try await body.next(isolation: #isolation) else {
                #expect(text.isEmpty, "the stream ends within an event")
                return nil
            }
            text += String(buffer: part)
        }
    }

    /// The next event that is no heartbeat.
    mutating func nextChange() async throws -> ReceivedEvent? {
        while let event = try await next() {
            if event.name != RevocationEventName.heartbeat.rawValue { return event }
        }
        return nil
    }

    /// Reads to the end of the stream.
    mutating func end() async throws {
        while try await next() != nil {}
    }
}
