/// A JSON value (RFC 8259), read strictly and within limits.
///
/// Everything that two readers might understand differently is refused: duplicate members, invalid UTF-8, lone
/// surrogates, a byte order mark, numbers and escapes outside the grammar, and anything after the value.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// Reads JSON text.
    ///
    /// - Parameters:
    ///   - bytes: The text, in UTF-8.
    ///   - limits: How much is read before it is refused.
    /// - Throws: ``JOSEError/Code/malformed``, with the byte offset and what was expected there, or
    ///   ``JOSEError/Code/tooLarge``.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JOSEError) {
        var reader = try JSONReader(bytes, limits: limits)
        self = try reader.readDocument()
    }

    /// Reads JSON text from any sequence of bytes. Throws as the other does.
    public init(parsing bytes: some Sequence<UInt8>, limits: JSONLimits = .default) throws(JOSEError) {
        try self.init(parsing: Array(bytes), limits: limits)
    }

    /// Reads JSON text from a span. Throws as the other does.
    public init(parsing bytes: Span<UInt8>, limits: JSONLimits = .default) throws(JOSEError) {
        try self.init(parsing: bytes.copy(bytes.indices), limits: limits)
    }

    /// The value as JSON text in UTF-8, without white space.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}

extension JSONValue {
    public var isNull: Bool { self == .null }

    /// The Boolean, if it is one.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number, if it is one.
    public var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The number, if it is one and an integer of 64 bits.
    public var integer: Int64? { self.number?.integer }

    /// The string, if it is one.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements, if it is an array.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object, if it is one.
    public var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The strings, if it is an array of nothing but strings.
    public var strings: [String]? {
        guard let array = self.array else {
            return nil
        }
        let strings = array.compactMap(\.string)
        return strings.count == array.count ? strings : nil
    }

    /// The value of a member, if it is an object that has it.
    public subscript(name: String) -> JSONValue? { self.object?[name] }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) {
        self = .null
    }

    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    public init(integerLiteral value: Int64) {
        self = .number(JSONNumber(value))
    }

    /// - Precondition: The literal is finite.
    public init(floatLiteral value: Double) {
        guard let number = JSONNumber(value) else {
            preconditionFailure("a JSON number is finite")
        }
        self = .number(number)
    }

    public init(stringLiteral value: String) {
        self = .string(value)
    }

    public init(arrayLiteral elements: JSONValue...) {
        self = .array(elements)
    }

    /// - Precondition: Each name occurs once.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements {
            let isUnique = object.append(name, value)
            precondition(isUnique, "a JSON object has each name once")
        }
        self = .object(object)
    }
}
