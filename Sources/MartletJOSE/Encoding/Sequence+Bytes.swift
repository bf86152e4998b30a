extension Sequence<UInt8> {
    /// Lends the bytes as one contiguous span; copies them first only where they are not contiguous already.
    func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // `withContiguousStorageIfAvailable` rethrows without a type, so the error travels in a result.
        let result = self.withContiguousStorageIfAvailable { buffer in
            Swift.Result { () throws(Failure) -> Result in
                // Safe: the span lives no longer than this call, and the buffer outlives it.
                try body(unsafe buffer.span)
            }
        }
        if let result {
            return try result.get()
        }
        return try body(Array(self).span)
    }

    /// Whether both hold the same bytes. Not constant in time: for public values only.
    func hasSameBytes(as other: some Sequence<UInt8>) -> Bool {
        self.withBytes { lhs in
            other.withBytes { rhs in
                lhs.count == rhs.count && lhs.contains(rhs, at: 0)
            }
        }
    }
}

extension Span<UInt8> {
    /// Whether the bytes of `part` stand at `position`. Not constant in time: for public values only.
    func contains(_ part: Span<UInt8>, at position: Int) -> Bool {
        guard self.count - position >= part.count else {
            return false
        }
        let lhs = unsafe self.bytes
        let rhs = unsafe part.bytes
        var offset = 0
        while offset + 8 <= part.count {
            // Safe: bounds are checked by the call, and every bit pattern is a UInt64.
            let left = unsafe lhs.unsafeLoadUnaligned(fromByteOffset: position + offset, as: UInt64.self)
            let right = unsafe rhs.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard left == right else {
                return false
            }
            offset += 8
        }
        while offset < part.count {
            guard self[position + offset] == part[offset] else {
                return false
            }
            offset += 1
        }
        return true
    }

    /// A copy of a part of the span.
    func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe self.extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }
}

extension String {
    /// Whether both are the same code points.
    ///
    /// Swift's `==` holds canonically equivalent strings equal, even where one is ASCII (U+212A is equal to `K`).
    /// RFC 7519 §2 and RFC 8259 §8.3 want names compared code point by code point.
    func isIdentical(to other: String) -> Bool {
        self.utf8.hasSameBytes(as: other.utf8)
    }
}
