extension Span<UInt8> {
    /// The first position from `start` on whose byte is not plain text in a JSON string: a quote, a backslash, a control
    /// character, or a part of a longer UTF-8 sequence.
    func endOfPlainText(from start: Int) -> Int {
        var position = start
        // Eight bytes at a time. Each term sets the high bit of a byte that is not plain, and maybe, by a borrow, of bytes
        // above it: so the lowest bit that is set is always a true one.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones &* 0x80
        let quotes = ones &* UInt64(UInt8(ascii: "\""))
        let backslashes = ones &* UInt64(UInt8(ascii: "\\"))
        let bytes = unsafe self.bytes
        while position + 8 <= self.count {
            // Safe: bounds are checked by the call, and every bit pattern is a UInt64.
            let word = UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let control = (word &- (ones &* 0x20)) & ~word
            let quote = ((word ^ quotes) &- ones) & ~(word ^ quotes)
            let backslash = ((word ^ backslashes) &- ones) & ~(word ^ backslashes)
            let special = (word | control | quote | backslash) & highBits
            guard special == 0 else {
                return position + special.trailingZeroBitCount / 8
            }
            position += 8
        }
        while position < self.count {
            let byte = self[position]
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
                break
            }
            position += 1
        }
        return position
    }
}
