/// Base64url without padding (RFC 4648 §5, RFC 7515 §2), strict: each byte string has exactly one spelling.
public enum Base64URL {
    /// Encodes bytes as base64url without padding.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: self.encodeBytes(bytes), as: UTF8.self)
    }

    /// Encodes bytes as base64url without padding, as ASCII bytes.
    public static func encodeBytes(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.withBytes { source in
            var target = [UInt8](repeating: 0, count: self.encodedCount(source.count))
            var span = target.mutableSpan
            self.encode(source, into: &span, at: 0)
            return target
        }
    }

    /// Encodes bytes as base64url without padding, behind a prefix: for text that is made often.
    package static func encode(_ bytes: Span<UInt8>, behind prefix: String) -> String {
        var prefix = prefix
        return prefix.withUTF8 { prefix in
            // Safe: there is room for both, and they fill it one after the other.
            unsafe String(
                unsafeUninitializedCapacity: prefix.count + self.encodedCount(bytes.count)
            ) { buffer in
                _ = unsafe buffer.update(fromContentsOf: prefix)
                var target = unsafe MutableSpan(_unsafeElements: buffer)
                return self.encode(bytes, into: &target, at: prefix.count)
            }
        }
    }

    /// Decodes base64url text.
    ///
    /// - Throws: ``JOSEError/Code/malformed`` for padding, any character outside `A`–`Z`, `a`–`z`, `0`–`9`, `-` and
    ///   `_` (so also `+`, `/` and white space), an impossible length, and bits after the last byte that are not zero.
    public static func decode(_ text: some StringProtocol) throws(JOSEError) -> [UInt8] {
        try text.utf8.withBytes(self.decode(span:))
    }

    /// Decodes base64url text that is given as ASCII bytes. Throws as the other does.
    public static func decode(_ bytes: some Sequence<UInt8>) throws(JOSEError) -> [UInt8] {
        try bytes.withBytes(self.decode(span:))
    }

    /// Decodes base64url text that is given as ASCII bytes. Throws as the others do.
    public static func decode(_ bytes: Span<UInt8>) throws(JOSEError) -> [UInt8] {
        try self.decode(span: bytes)
    }
}

extension Base64URL {
    /// The number of characters that `count` bytes become.
    static func encodedCount(_ count: Int) -> Int {
        // Four for every three bytes; two for one byte that is left, three for two.
        (count * 4 + 2) / 3
    }

    /// Writes the encoded bytes into `target`, from `start` on.
    ///
    /// - Returns: The offset behind the last character written.
    @discardableResult
    static func encode(_ source: Span<UInt8>, into target: inout MutableSpan<UInt8>, at start: Int) -> Int {
        let count = self.encodedCount(source.count)
        precondition(start >= 0 && start + count <= target.count, "the target is too small")
        // The inner loop works on pointers, since a bounds check for each byte doubles its time. It stays inside:
        // it reads whole groups of three below `source.count`, and the precondition has measured what it writes.
        unsafe self.alphabet.withUnsafeBufferPointer { alphabet in
            unsafe source.withUnsafeBufferPointer { source in
                unsafe target.withUnsafeMutableBufferPointer { target in
                    unsafe self.encode(source, alphabet: alphabet, into: target, at: start)
                }
            }
        }
        return start + count
    }

    private static func encode(
        _ source: UnsafeBufferPointer<UInt8>,
        alphabet: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutableBufferPointer<UInt8>,
        at start: Int
    ) {
        var input = 0
        var output = start
        while input + 3 <= source.count {
            let high = unsafe Int(source[input]) << 16 | Int(source[input + 1]) << 8
            let group = unsafe high | Int(source[input + 2])
            unsafe target[output] = alphabet[group >> 18]
            unsafe target[output + 1] = alphabet[group >> 12 & 63]
            unsafe target[output + 2] = alphabet[group >> 6 & 63]
            unsafe target[output + 3] = alphabet[group & 63]
            input += 3
            output += 4
        }
        switch source.count - input {
        case 1:
            let group = unsafe Int(source[input]) << 4
            unsafe target[output] = alphabet[group >> 6]
            unsafe target[output + 1] = alphabet[group & 63]
        case 2:
            let group = unsafe Int(source[input]) << 10 | Int(source[input + 1]) << 2
            unsafe target[output] = alphabet[group >> 12]
            unsafe target[output + 1] = alphabet[group >> 6 & 63]
            unsafe target[output + 2] = alphabet[group & 63]
        default:
            break
        }
    }

    private static func decode(span source: Span<UInt8>) throws(JOSEError) -> [UInt8] {
        let count = try self.decodedCount(source)
        var isValid = false
        let decoded = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initializedCount in
            isValid = unsafe self.decode(source, into: target)
            initializedCount = isValid ? count : 0
        }
        guard isValid else {
            throw self.malformed(source)
        }
        return decoded
    }

    /// Decodes base64url text for as long as the closure looks at the bytes. Throws as ``decode(_:)`` does.
    @inline(__always)
    static func withDecoded<Result>(
        _ source: Span<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) throws(JOSEError) -> Result {
        let count = try self.decodedCount(source)
        let result = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { target -> Result? in
            guard unsafe self.decode(source, into: target) else {
                return nil
            }
            return unsafe body(UnsafeBufferPointer(target))
        }
        guard let result else {
            throw self.malformed(source)
        }
        return result
    }

    /// The number of bytes that so many characters stand for.
    private static func decodedCount(_ source: Span<UInt8>) throws(JOSEError) -> Int {
        let remainder = source.count % 4
        guard remainder != 1 else {
            throw self.malformed(source)
        }
        return source.count / 4 * 3 + max(remainder - 1, 0)
    }

    /// - Parameter target: has room for what is decoded.
    /// - Returns: Whether every character was of the alphabet and the unused bits were zero.
    private static func decode(_ source: Span<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        // As above: whole groups of four below `source.count`, and three bytes out for each.
        unsafe self.values.withUnsafeBufferPointer { values in
            unsafe source.withUnsafeBufferPointer { source in
                unsafe self.decode(source, values: values, into: target)
            }
        }
    }

    /// - Returns: Whether every character was of the alphabet and the unused bits were zero.
    private static func decode(
        _ source: UnsafeBufferPointer<UInt8>,
        values: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        // Collects the bits of every value. Values of the alphabet are below 64, anything else is 255.
        var seen: UInt8 = 0
        var input = 0
        var output = 0
        while input + 4 <= source.count {
            let a = unsafe values[Int(source[input])]
            let b = unsafe values[Int(source[input + 1])]
            let c = unsafe values[Int(source[input + 2])]
            let d = unsafe values[Int(source[input + 3])]
            seen |= a | b | c | d
            unsafe target[output] = a << 2 | b >> 4
            unsafe target[output + 1] = b << 4 | c >> 2
            unsafe target[output + 2] = c << 6 | d
            input += 4
            output += 3
        }
        var unused: UInt8 = 0
        switch source.count - input {
        case 2:
            let a = unsafe values[Int(source[input])]
            let b = unsafe values[Int(source[input + 1])]
            seen |= a | b
            unused = b & 0b1111
            unsafe target[output] = a << 2 | b >> 4
        case 3:
            let a = unsafe values[Int(source[input])]
            let b = unsafe values[Int(source[input + 1])]
            let c = unsafe values[Int(source[input + 2])]
            seen |= a | b | c
            unused = c & 0b11
            unsafe target[output] = a << 2 | b >> 4
            unsafe target[output + 1] = b << 4 | c >> 2
        default:
            break
        }
        return seen < 64 && unused == 0
    }

    @inline(never)
    private static func malformed(_ source: Span<UInt8>) -> JOSEError {
        for offset in source.indices where self.values[Int(source[offset])] == 255 {
            return JOSEError(
                .malformed,
                "Character \(offset) is not base64url: only A-Z, a-z, 0-9, - and _ are, and there is no padding."
            )
        }
        guard source.count % 4 != 1 else {
            return JOSEError(.malformed, "The base64url text is cut off: no bytes are encoded in this many characters.")
        }
        return JOSEError(.malformed, "The last base64url character has bits that belong to no byte: they must be zero.")
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The value of each character, 255 for those that have none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in Base64URL.alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        return values
    }()
}
