/// Reads JSON text (RFC 8259) strictly, one token after the other.
///
/// ``JSONValue`` reads whole documents with it. The reader of access-token claims drives it directly, so that both
/// have one grammar.
struct JSONReader {
    /// A string as it stands in the text, already checked: where it lies between its quotes.
    struct StringToken {
        let range: Range<Int>
        let isEscaped: Bool
    }

    let bytes: [UInt8]
    private(set) var position = 0
    private let maximumDepth: Int
    private let maximumMembers: Int
    private var remainingMembers: Int

    /// - Throws: ``JOSEError/Code/tooLarge`` if there are more bytes than the limit.
    init(_ bytes: [UInt8], limits: JSONLimits) throws(JOSEError) {
        guard bytes.count <= limits.maximumBytes else {
            throw JOSEError(.tooLarge, "The JSON text may have at most \(limits.maximumBytes) bytes.")
        }
        self.bytes = bytes
        // The reader recurses, so the stack sets a bound of its own.
        self.maximumDepth = min(limits.maximumDepth, 512)
        self.maximumMembers = limits.maximumMembers
        self.remainingMembers = limits.maximumMembers
    }

    // MARK: Values

    /// Reads the one value of the text, and that nothing follows it.
    mutating func readDocument() throws(JOSEError) -> JSONValue {
        self.skipWhitespace()
        let value = try self.readValue(depth: 0)
        try self.readEnd()
        return value
    }

    /// Reads that only white space is left.
    mutating func readEnd() throws(JOSEError) {
        self.skipWhitespace()
        guard self.position == self.bytes.count else {
            throw self.expected("the end of the JSON text")
        }
    }

    /// Reads a value that begins right here.
    ///
    /// - Parameter depth: How many arrays and objects are open around it.
    mutating func readValue(depth: Int) throws(JOSEError) -> JSONValue {
        guard let byte = self.peek() else {
            throw self.expected("a value")
        }
        switch byte {
        case UInt8(ascii: "\""):
            return .string(self.string(try self.readString()))
        case UInt8(ascii: "{"):
            return .object(try self.readObject(depth: depth + 1))
        case UInt8(ascii: "["):
            return .array(try self.readArray(depth: depth + 1))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try self.readNumber())
        case UInt8(ascii: "t"):
            try self.readKeyword("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.readKeyword("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.readKeyword("null")
            return .null
        default:
            throw self.expected("a value")
        }
    }

    private mutating func readObject(depth: Int) throws(JOSEError) -> JSONObject {
        try self.open(UInt8(ascii: "{"), depth: depth)
        var object = JSONObject()
        while try self.readSeparator(isFirst: object.isEmpty, closing: UInt8(ascii: "}")) {
            let start = self.position
            let name = self.string(try self.readName())
            guard object.append(name, try self.readValue(depth: depth)) else {
                throw self.duplicateMember(at: start)
            }
        }
        return object
    }

    private mutating func readArray(depth: Int) throws(JOSEError) -> [JSONValue] {
        try self.open(UInt8(ascii: "["), depth: depth)
        var array: [JSONValue] = []
        while try self.readSeparator(isFirst: array.isEmpty, closing: UInt8(ascii: "]")) {
            array.append(try self.readValue(depth: depth))
        }
        return array
    }

    // MARK: Structure

    /// Reads the opening brace of an object or bracket of an array, which may be nested `depth` deep.
    mutating func open(_ opening: UInt8, depth: Int) throws(JOSEError) {
        guard self.peek() == opening else {
            throw self.expected(opening == UInt8(ascii: "{") ? "{" : "[")
        }
        guard depth <= self.maximumDepth else {
            throw JOSEError(
                .tooLarge,
                "Byte \(self.position): arrays and objects may nest at most \(self.maximumDepth) deep."
            )
        }
        self.position += 1
    }

    /// Reads what stands before the next member or element, and leaves the reader at its first byte.
    ///
    /// - Returns: `false` once the closing brace or bracket was read instead.
    mutating func readSeparator(isFirst: Bool, closing: UInt8) throws(JOSEError) -> Bool {
        self.skipWhitespace()
        let byte = self.peek()
        if byte == closing {
            self.position += 1
            return false
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else {
                throw self.expected(closing == UInt8(ascii: "}") ? ", or }" : ", or ]")
            }
            self.position += 1
            self.skipWhitespace()
        }
        guard self.remainingMembers > 0 else {
            throw JOSEError(
                .tooLarge,
                "Byte \(self.position): there may be at most \(self.maximumMembers) members and elements."
            )
        }
        self.remainingMembers -= 1
        return true
    }

    /// Reads a member's name and the colon, and leaves the reader at the first byte of the value.
    mutating func readName() throws(JOSEError) -> StringToken {
        let name = try self.readString()
        self.skipWhitespace()
        guard self.peek() == UInt8(ascii: ":") else {
            throw self.expected(":")
        }
        self.position += 1
        self.skipWhitespace()
        return name
    }

    /// Reads exactly these bytes, if they come next.
    @inline(__always)
    mutating func skip(_ expected: StaticString) -> Bool {
        // Safe: the span is of the literal itself, which lives as long as the program.
        let isThere = expected.withUTF8Buffer { self.bytes.span.contains(unsafe $0.span, at: self.position) }
        self.position += isThere ? expected.utf8CodeUnitCount : 0
        return isThere
    }

    @inline(__always)
    func peek() -> UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while let byte = self.peek(), byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func readKeyword(_ keyword: String) throws(JOSEError) {
        for byte in keyword.utf8 {
            guard self.peek() == byte else {
                throw self.expected(keyword)
            }
            self.position += 1
        }
    }

    // MARK: Numbers

    /// Reads a number by the grammar of RFC 8259 §6.
    mutating func readNumber() throws(JOSEError) -> JSONNumber {
        let start = self.position
        if self.peek() == UInt8(ascii: "-") {
            self.position += 1
        }
        let digits = self.position
        var magnitude: UInt64 = 0
        var isExact = true
        while let byte = self.peek(), Self.isDigit(byte) {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            magnitude = sum
            isExact = isExact && !overflow && !carry
            self.position += 1
        }
        guard self.position > digits else {
            throw self.expected("a digit")
        }
        guard self.position == digits + 1 || self.bytes[digits] != UInt8(ascii: "0") else {
            self.position = digits + 1
            throw self.expected("no digit after a leading 0")
        }
        if self.peek() == UInt8(ascii: ".") {
            isExact = false
            self.position += 1
            try self.readDigits()
        }
        if let byte = self.peek(), byte | 0x20 == UInt8(ascii: "e") {
            isExact = false
            self.position += 1
            if let sign = self.peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                self.position += 1
            }
            try self.readDigits()
        }
        if isExact {
            let isNegative = self.bytes[start] == UInt8(ascii: "-")
            if let integer = isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude) {
                return JSONNumber(integer)
            }
        }
        let text = self.bytes[start..<self.position]
        // Out of range, a number would become an infinity or, without being zero, zero.
        let isZero = text.prefix { $0 | 0x20 != UInt8(ascii: "e") }.allSatisfy { $0 < UInt8(ascii: "1") }
        guard let double = Double(String(decoding: text, as: UTF8.self)), let number = JSONNumber(double),
            isZero || double != 0
        else {
            self.position = start
            throw self.expected("a number that is within the range of a 64-bit floating-point number")
        }
        return number
    }

    private mutating func readDigits() throws(JOSEError) {
        let start = self.position
        while let byte = self.peek(), Self.isDigit(byte) {
            self.position += 1
        }
        guard self.position > start else {
            throw self.expected("a digit")
        }
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    // MARK: Strings

    /// Reads a string with its quotes. Checks escapes, surrogates, control characters, UTF-8 and that there are not too
    /// many combining marks in a row, but keeps nothing decoded.
    mutating func readString() throws(JOSEError) -> StringToken {
        guard self.peek() == UInt8(ascii: "\"") else {
            throw self.expected("a string")
        }
        self.position += 1
        let start = self.position
        var isEscaped = false
        var isASCII = true
        while true {
            self.position = self.bytes.span.endOfPlainText(from: self.position)
            guard let byte = self.peek() else {
                throw self.expected("the closing quote of a string")
            }
            switch byte {
            case UInt8(ascii: "\""):
                let token = StringToken(range: start..<self.position, isEscaped: isEscaped)
                guard isASCII && !isEscaped || self.string(token).hasFewCombiningMarks else {
                    self.position = start
                    throw self.expected("a string with at most \(String.mostCombiningMarks) combining marks in a row")
                }
                self.position += 1
                return token
            case UInt8(ascii: "\\"):
                isEscaped = true
                _ = try self.readEscape()
            case 0..<0x20:
                throw self.expected("no control character within a string, but an escape")
            case 0x80...:
                isASCII = false
                self.position += try self.utf8Count()
            default:
                // `endOfPlainText` stops at nothing else.
                self.position += 1
            }
        }
    }

    /// The string that a token stands for.
    func string(_ token: StringToken) -> String {
        token.isEscaped ? self.unescaped(token) : String(decoding: self.bytes[token.range], as: UTF8.self)
    }

    /// Whether a token stands for exactly these bytes.
    func string(_ token: StringToken, is text: [UInt8]) -> Bool {
        guard !token.isEscaped else {
            return self.unescaped(token).utf8.hasSameBytes(as: text)
        }
        return token.range.count == text.count && self.bytes.span.contains(text.span, at: token.range.lowerBound)
    }

    @inline(never)
    private func unescaped(_ token: StringToken) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(token.range.count)
        var reader = self
        reader.position = token.range.lowerBound
        while reader.position < token.range.upperBound {
            let byte = self.bytes[reader.position]
            // The token was checked when it was read, so each escape is well formed.
            if byte == UInt8(ascii: "\\"), let scalar = try? reader.readEscape() {
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                text.append(byte)
                reader.position += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads an escape (RFC 8259 §7), and both halves of a surrogate pair.
    private mutating func readEscape() throws(JOSEError) -> Unicode.Scalar {
        let start = self.position
        self.position += 1
        guard let byte = self.peek() else {
            throw self.expected("an escape")
        }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try self.readHexadecimal()
            if let scalar = Unicode.Scalar(first) {
                return scalar
            }
            if first < 0xDC00, self.peek() == UInt8(ascii: "\\") {
                self.position += 1
                if self.peek() == UInt8(ascii: "u") {
                    self.position += 1
                    let second = try self.readHexadecimal()
                    let offset = UInt32(first - 0xD800) << 10 | UInt32(second & 0x3FF)
                    if (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(0x10000 + offset) {
                        return scalar
                    }
                }
            }
            self.position = start
            throw self.expected("both halves of a surrogate pair")
        default:
            self.position = start + 1
            throw self.expected("one of \" \\ / b f n r t u after a backslash")
        }
    }

    private mutating func readHexadecimal() throws(JOSEError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = self.peek().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw self.expected("a hexadecimal digit")
            }
            value = value << 4 | UInt16(digit)
            self.position += 1
        }
        return value
    }

    /// The number of bytes of the well-formed UTF-8 sequence that begins here (Unicode, table 3-7).
    private func utf8Count() throws(JOSEError) -> Int {
        let first = self.bytes[self.position]
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: count = 2
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: count = 3
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: count = 4
        default: throw self.expected("well-formed UTF-8")
        }
        guard self.position + count <= self.bytes.count, second.contains(self.bytes[self.position + 1]) else {
            throw self.expected("well-formed UTF-8")
        }
        for offset in 2..<max(count, 2) where self.bytes[self.position + offset] & 0xC0 != 0x80 {
            throw self.expected("well-formed UTF-8")
        }
        return count
    }

    // MARK: Errors

    @inline(never)
    func expected(_ what: String) -> JOSEError {
        JOSEError(.malformed, "Byte \(self.position): expected \(what).")
    }

    @inline(never)
    func duplicateMember(at position: Int) -> JOSEError {
        JOSEError(.malformed, "Byte \(position): expected a member that was not there before; names are unique.")
    }
}
