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
        // Works on pointers, since vectors are loaded and stored. It stays inside: it reads whole blocks below
        // `source.count` and then what is left, and the precondition has measured what it writes.
        unsafe source.withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBytes { target in
                unsafe self.encode(source, into: UnsafeMutableRawBufferPointer(rebasing: target[start...]))
            }
        }
        return start + count
    }

    private static func encode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
        var input = 0
        var output = 0
        while input + Base64URLBlock.byteCount <= source.count {
            let block = unsafe Base64URLBlock.encode(source, at: input)
            unsafe target.storeBytes(of: block, toByteOffset: output, as: Base64URLBlock.Vector.self)
            input += Base64URLBlock.byteCount
            output += Base64URLBlock.characterCount
        }
        guard input < source.count else {
            return
        }
        // What is left, with zeros behind it; of its characters, those that stand for it.
        var rest = Base64URLBlock.Vector()
        unsafe withUnsafeMutableBytes(of: &rest) { rest in
            unsafe rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[input...]))
            let block = unsafe Base64URLBlock.encode(UnsafeRawBufferPointer(rest), at: 0)
            unsafe rest.storeBytes(of: block, as: Base64URLBlock.Vector.self)
            let count = self.encodedCount(source.count - input)
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[output...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
        }
    }

    private static func decode(span source: Span<UInt8>) throws(JOSEError) -> [UInt8] {
        let count = try self.decodedCount(source)
        var isValid = false
        var decoded: [UInt8] = []
        decoded.append(addingCapacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, initializedCount in
                // The array may have made more room than that.
                isValid = unsafe self.decode(source, into: UnsafeMutableBufferPointer(rebasing: target[..<count]))
                initializedCount = isValid ? count : 0
            }
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

    /// - Parameter target: has room for just what is decoded.
    /// - Returns: Whether every character was of the alphabet and the unused bits were zero.
    private static func decode(_ source: Span<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        unsafe source.withUnsafeBytes { source in
            unsafe self.decode(source, into: UnsafeMutableRawBufferPointer(target))
        }
    }

    private static func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        // As above. What is not of the alphabet is collected, and judged at the end.
        var wrong: UInt64 = 0
        var input = 0
        var output = 0
        while input + Base64URLBlock.characterCount <= source.count {
            let block = unsafe source.loadUnaligned(fromByteOffset: input, as: Base64URLBlock.Vector.self)
            wrong |= unsafe Base64URLBlock.decode(block, into: target, at: output)
            input += Base64URLBlock.characterCount
            output += Base64URLBlock.byteCount
        }
        guard input < source.count else {
            return wrong == 0
        }
        // What is left, with characters for zeros behind it: whatever it has beyond its bytes must be zero.
        var rest = Base64URLBlock.zeros
        unsafe withUnsafeMutableBytes(of: &rest) { rest in
            unsafe rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[input...]))
            let block = unsafe rest.load(as: Base64URLBlock.Vector.self)
            wrong |= unsafe Base64URLBlock.decode(block, into: rest, at: 0)
            let count = target.count - output
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[output...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            for offset in count..<Base64URLBlock.byteCount {
                wrong |= unsafe UInt64(rest[offset])
            }
        }
        return wrong == 0
    }

    @inline(never)
    private static func malformed(_ source: Span<UInt8>) -> JOSEError {
        for offset in source.indices where !self.alphabet.contains(source[offset]) {
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
}
