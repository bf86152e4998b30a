extension Span<UInt8> {
    /// The first position from `start` on whose byte is not plain text in a JSON string: a quote, a backslash, a control
    /// character, or a part of a longer UTF-8 sequence.
    func endOfPlainText(from start: Int) -> Int {
        var position = start
        // Eight bytes at a time. Each term sets the high bit of a byte that is not plain, and maybe of bytes above it:
        // enough to know that there is one, which is then looked for byte by byte.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let bytes = unsafe self.bytes
        while position + 8 <= self.count {
            // Safe: bounds are checked by the call, and every bit pattern is a UInt64.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            let quote = word ^ ones &* UInt64(UInt8(ascii: "\""))
            let backslash = word ^ ones &* UInt64(UInt8(ascii: "\\"))
            let special =
                word | (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
            guard special & ones &* 0x80 == 0 else {
                break
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
