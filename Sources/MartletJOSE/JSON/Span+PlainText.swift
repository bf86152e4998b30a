extension Span<UInt8> {
    /// The first position from `start` on whose byte is not plain text in a JSON string: a quote, a backslash, a control
    /// character, or a part of a longer UTF-8 sequence.
    func endOfPlainText(from start: Int) -> Int {
        var position = start
        let bytes = unsafe self.bytes
        while position + 8 <= self.count {
            // Safe: bounds are checked by the call, and every bit pattern is a UInt64.
            let word = UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let special = Self.special(word)
            guard special == 0 else {
                return position + special.trailingZeroBitCount / 8
            }
            position += 8
        }
        while position < self.count {
            guard Self.isPlain(self[position]) else {
                break
            }
            position += 1
        }
        return position
    }

    /// Copies plain text as far as it goes, by and large: up to seven bytes before what is not plain may be left as well.
    ///
    /// - Parameter target: has room for the whole span from `start` on.
    /// - Returns: How many bytes were copied.
    @inline(__always)
    func copyPlainText(to target: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        let bytes = unsafe self.bytes
        var position = 0
        while position + 8 <= self.count {
            // Safe, here and below: as above, and there is room for what is copied.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            guard Self.special(UInt64(littleEndian: word)) == 0 else {
                return position
            }
            unsafe target.storeBytes(of: word, toByteOffset: start + position, as: UInt64.self)
            position += 8
        }
        guard position < self.count else {
            return position
        }
        if position > 0 {
            // The last eight bytes, of which the first are copied already.
            let last = self.count - 8
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: last, as: UInt64.self)
            guard Self.special(UInt64(littleEndian: word)) == 0 else {
                return position
            }
            unsafe target.storeBytes(of: word, toByteOffset: start + last, as: UInt64.self)
            return self.count
        }
        while position < self.count, Self.isPlain(self[position]) {
            unsafe target[start + position] = self[position]
            position += 1
        }
        return position
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Sets the high bit of each of eight bytes that is not plain, and maybe, by a borrow, of bytes above it: so the
    /// lowest bit that is set is always a true one.
    @inline(__always)
    private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = ones &* UInt64(UInt8(ascii: "\""))
        let backslashes = ones &* UInt64(UInt8(ascii: "\\"))
        let control = (word &- (ones &* 0x20)) & ~word
        let quote = ((word ^ quotes) &- ones) & ~(word ^ quotes)
        let backslash = ((word ^ backslashes) &- ones) & ~(word ^ backslashes)
        return (word | control | quote | backslash) & (ones &* 0x80)
    }
}
