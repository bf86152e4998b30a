import CZlib
import MartletJOSE
import Testing

/// What a list's `lst` holds, as zlib itself reads it.
func inflated(_ text: some StringProtocol) throws -> [UInt8] {
    let source = try Base64URL.decode(text)
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var length = uLong(bytes.count)
    let code = unsafe uncompress(&bytes, &length, source, uLong(source.count))
    try #require(code == Z_OK)
    return Array(bytes.prefix(Int(length)))
}
