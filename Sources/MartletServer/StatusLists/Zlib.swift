import CZlib

/// The compressed format of RFC 1950.
enum Zlib {
    /// Compresses as far as it goes: the bytes are made once and fetched often.
    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let bound = compressBound(uLong(bytes.count))
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
            var length = bound
            let code = unsafe compress2(buffer.baseAddress, &length, bytes, uLong(bytes.count), Z_BEST_COMPRESSION)
            // There is room for all of it, so only memory can be wanting.
            precondition(code == Z_OK, "zlib cannot compress: \(code)")
            count = Int(length)
        }
    }
}
