/// Writes JSON text straight into a byte buffer, without white space.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object {
///     $0.member("name", "ada")
///     $0.member("roles") { $0.array { $0.value("admin") } }
/// }
/// ```
///
/// The writer puts the commas. It does not check that names are unique: they are the program's own.
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    /// Whether a value stands before the next one in the same object or array.
    private var needsComma = false

    /// An empty writer.
    ///
    /// - Parameter capacity: How many bytes to make room for.
    public init(capacity: Int = 256) {
        self.bytes.reserveCapacity(capacity)
    }

    // MARK: Containers

    /// Writes an object, whose members the closure writes.
    public mutating func object<Failure: Error>(
        _ members: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        try self.container(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
    }

    /// Writes an array, whose elements the closure writes.
    public mutating func array<Failure: Error>(
        _ elements: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        try self.container(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    private mutating func container<Failure: Error>(
        _ opening: UInt8,
        _ closing: UInt8,
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.startValue()
        self.bytes.append(opening)
        self.needsComma = false
        try body(&self)
        self.bytes.append(closing)
        self.needsComma = true
    }

    // MARK: Members

    /// Writes a member, whose value the closure writes.
    public mutating func member<Failure: Error>(
        _ name: String,
        _ value: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(name)
        try value(&self)
    }

    /// Writes a member.
    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        self.value(value)
    }

    /// Writes a member.
    public mutating func member(_ name: String, _ value: some BinaryInteger) {
        self.name(name)
        self.value(value)
    }

    /// Writes a member.
    public mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        self.value(value)
    }

    /// Writes a member.
    public mutating func member(_ name: String, _ value: [String]) {
        self.name(name)
        self.array { writer in
            for element in value {
                writer.value(element)
            }
        }
    }

    /// Writes a member.
    public mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }

    private mutating func name(_ name: String) {
        self.startValue()
        self.text(name)
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    // MARK: Values

    /// Writes a string.
    public mutating func value(_ value: String) {
        self.startValue()
        self.text(value)
    }

    /// Writes an integer.
    public mutating func value(_ value: some BinaryInteger) {
        self.startValue()
        self.integer(value)
    }

    /// Writes `true` or `false`.
    public mutating func value(_ value: Bool) {
        self.startValue()
        self.literal(value ? "true" : "false")
    }

    /// Writes `null`.
    public mutating func null() {
        self.startValue()
        self.literal("null")
    }

    /// Writes a value with everything in it.
    @inline(never)
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null:
            self.null()
        case .bool(let bool):
            self.value(bool)
        case .number(let number):
            if let integer = number.integer {
                self.value(integer)
            } else {
                self.startValue()
                // Swift's description of a finite double is JSON, and the shortest that reads back as the same.
                self.bytes.append(contentsOf: number.double.description.utf8)
            }
        case .string(let string):
            self.value(string)
        case .array(let array):
            self.array { writer in
                for element in array {
                    writer.value(element)
                }
            }
        case .object(let object):
            self.object { writer in
                for member in object.members {
                    writer.member(member.name, member.value)
                }
            }
        }
    }

    /// Begins a value whose pieces follow.
    package mutating func startValue() {
        if self.needsComma {
            self.bytes.append(UInt8(ascii: ","))
        }
        self.needsComma = true
    }

    // MARK: Pieces

    /// Writes a piece of JSON that the program knows to be right, punctuation and all. A member or value that follows
    /// gets its comma.
    package mutating func literal(_ literal: StaticString) {
        self.needsComma = true
        self.write(literal, Span())
    }

    /// Writes a piece of JSON as ``literal(_:)`` does, and a string without its quotes: in one go, since each piece
    /// costs about as much as a string.
    mutating func literal(_ literal: StaticString, content value: String) {
        self.needsComma = true
        self.write(literal, value)
    }

    /// Writes a piece of JSON as ``literal(_:)`` does, and the digits of an integer.
    mutating func literal(_ literal: StaticString, integer value: Int64) {
        self.needsComma = true
        self.write(literal, value)
    }

    /// Writes the digits of an integer, and nothing else.
    mutating func integer(_ value: some BinaryInteger) {
        guard let value = Int64(exactly: value) else {
            self.bytes.append(contentsOf: String(value).utf8)
            return
        }
        self.write("", value)
    }

    /// Writes a string in quotes, and nothing else.
    mutating func text(_ value: String) {
        self.write("\"", value)
        self.bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a string without its quotes, and nothing else.
    package mutating func content(_ value: String) {
        self.write("", value)
    }

    @inline(never)
    private mutating func write(_ literal: StaticString, _ value: Int64) {
        // A sign and nineteen digits hold any integer of 64 bits.
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value.magnitude
            var position = 20
            repeat {
                position -= 1
                unsafe digits[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                position -= 1
                unsafe digits[position] = UInt8(ascii: "-")
            }
            let text = unsafe UnsafeBufferPointer(rebasing: digits[position...])
            self.write(literal, unsafe text.span)
        }
    }

    @inline(never)
    private mutating func write(_ literal: StaticString, _ value: String) {
        value.utf8.withBytes { self.write(literal, $0) }
    }

    /// All pieces come here, as they are not inlined where they are called: after a signature code is cold, and many
    /// copies of it cost more than the calls.
    @inline(never)
    private mutating func write(_ literal: StaticString, _ text: Span<UInt8>) {
        var copied = 0
        literal.withUTF8Buffer { literal in
            self.bytes.append(addingCapacity: literal.count + text.count) { output in
                // Safe: there is room for both, and they fill it one after the other. The literal's buffer lives as long
                // as the program.
                unsafe output.withUnsafeMutableBufferPointer { target, count in
                    let target = UnsafeMutableRawBufferPointer(target)
                    unsafe target.copyMemory(from: UnsafeRawBufferPointer(literal))
                    copied = unsafe text.copyPlainText(to: target, at: literal.count)
                    count = literal.count + copied
                }
            }
        }
        if copied < text.count {
            self.escape(text.extracting(copied..<text.count))
        }
    }

    private mutating func escape(_ text: Span<UInt8>) {
        var start = 0
        for offset in text.indices {
            let byte = text[offset]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                continue
            }
            self.append(text.extracting(start..<offset))
            self.escape(byte)
            start = offset + 1
        }
        self.append(text.extracting(start..<text.count))
    }

    private mutating func append(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBufferPointer { unsafe self.bytes.append(contentsOf: $0) }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.literal(#"\""#)
        case UInt8(ascii: "\\"): self.literal(#"\\"#)
        case 0x08: self.literal(#"\b"#)
        case 0x09: self.literal(#"\t"#)
        case 0x0A: self.literal(#"\n"#)
        case 0x0C: self.literal(#"\f"#)
        case 0x0D: self.literal(#"\r"#)
        default:
            self.literal(#"\u00"#)
            self.bytes.append(UInt8(ascii: "0") + byte >> 4)
            self.bytes.append(Array("0123456789abcdef".utf8)[Int(byte & 15)])
        }
    }
}
