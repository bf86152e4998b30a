public import MartletJOSE

/// A JSON object that the server sends. The server writes it and the others read it, so both sides are here.
public protocol Answer: Sendable {
    /// Reads the members.
    ///
    /// - Throws: ``ProtocolError`` naming the member that is missing or wrong.
    init(_ members: JSONMembers) throws(ProtocolError)

    /// Writes the object as one value.
    func write(to writer: inout JSONWriter)
}

extension Answer {
    /// Reads JSON text. Members that are not known are ignored.
    ///
    /// - Throws: ``ProtocolError``, where it is not JSON, or a member is missing or has the wrong type.
    public init(decoding bytes: [UInt8]) throws(ProtocolError) {
        try self.init(JSONMembers(parsing: bytes))
    }

    /// The JSON text, in UTF-8.
    public func encoded() -> [UInt8] {
        // A renewal's has some 1,400 bytes.
        var writer = JSONWriter(capacity: 2_048)
        write(to: &writer)
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes a member, or nothing where there is no value.
    mutating func member(_ name: String, ifPresent value: String?) {
        if let value { member(name, value) }
    }

    mutating func member(_ name: String, ifNotEmpty values: [String]) {
        if !values.isEmpty { member(name, values) }
    }

    mutating func member(_ name: String, _ value: Timestamp) {
        member(name, value.description)
    }
}
