/// Reads server-sent events (`text/event-stream`, WHATWG HTML §9.2) in pieces of any size, as they come from the
/// network.
///
/// Only whole events come out: what follows the last empty line is kept, and lost with the parser. Comments, `retry`
/// and unknown fields are skipped, as the standard wants it.
public struct EventStreamParser: Sendable {
    /// How large one event may be with everything that is kept for it, in bytes.
    public let maximumEventBytes: Int

    /// The line that has not ended yet.
    private var line: [UInt8] = []
    private var event = EventStreamEvent()
    private var hasData = false
    /// The last byte was a carriage return, so that a line feed belongs to it.
    private var followsCarriageReturn = false
    private var isFirstLine = true

    public init(maximumEventBytes: Int) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// Takes the next piece.
    ///
    /// - Returns: the events that are whole now.
    /// - Throws: ``ProtocolError/Code/tooLarge``. What comes after it cannot be trusted to begin with a new event, so
    ///   that the stream has to be given up.
    public mutating func append(_ piece: [UInt8]) throws(ProtocolError) -> [EventStreamEvent] {
        var events: [EventStreamEvent] = []
        var rest = piece[...]
        while !rest.isEmpty {
            if followsCarriageReturn {
                followsCarriageReturn = false
                if rest.first == Self.lineFeed {
                    rest = rest.dropFirst()
                    continue
                }
            }
            guard let end = rest.firstIndex(where: { $0 == Self.lineFeed || $0 == Self.carriageReturn }) else {
                try keep(rest)
                break
            }
            try keep(rest[..<end])
            followsCarriageReturn = rest[end] == Self.carriageReturn
            rest = rest[end...].dropFirst()
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func keep(_ part: ArraySlice<UInt8>) throws(ProtocolError) {
        guard part.count <= maximumEventBytes - line.count - event.data.count else {
            throw ProtocolError(.tooLarge, "An event may have at most \(maximumEventBytes) bytes.")
        }
        line.append(contentsOf: part)
    }

    /// - Returns: the event that the line ends, if it does.
    private mutating func endLine() -> EventStreamEvent? {
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        defer { line.removeAll(keepingCapacity: line.count <= 4_096) }
        guard !line.isEmpty else {
            defer {
                event = EventStreamEvent()
                hasData = false
            }
            return hasData ? event : nil
        }
        let name = line.prefix { $0 != Self.colon }
        var value = line[name.endIndex...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        if name.elementsEqual("data".utf8) {
            if hasData { event.data.append(Self.lineFeed) }
            event.data.append(contentsOf: value)
            hasData = true
        } else if name.elementsEqual("event".utf8) {
            event.name = value.isEmpty ? EventStreamEvent.defaultName : String(decoding: value, as: UTF8.self)
        } else if name.elementsEqual("id".utf8), !value.contains(0) {
            event.id = String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let colon = UInt8(ascii: ":")
}

/// One server-sent event.
public struct EventStreamEvent: Sendable, Hashable {
    static let defaultName = "message"

    /// The field `event`; `message` where there is none.
    public var name = defaultName
    /// The field `id` of this event; nil where it has none of its own.
    public var id: String?
    /// The fields `data`, with line feeds between them.
    public var data: [UInt8] = []

    public init() {}
}
