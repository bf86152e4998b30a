import MartletCore
import MartletJOSE
import Testing

@testable import MartletServer

/// The test vectors of draft-ietf-oauth-status-list with one bit. Compressors differ, so the bits are compared.
struct StatusListEncodingTests {
    /// §4.2.
    private static let short = (lst: "eNrbuRgAAhcBXQ", bytes: [0xB9, 0xA3] as [UInt8])

    /// Appendix C.1: 2^20 entries, of which these are set.
    private static let long = """
        eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADje\
        lAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb
        """
    private static let set = [
        0, 1_993, 25_460, 159_495, 495_669, 554_353, 645_645, 723_232, 854_545, 934_534, 1_000_345,
    ]
    private static var longBytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 17)
        for index in set { bytes[index / 8] |= 1 << UInt8(index % 8) }
        return bytes
    }

    @Test func theVectorsAreReadAsWeMeanThem() throws {
        #expect(try inflated(Self.short.lst) == Self.short.bytes)
        #expect(try inflated(Self.long) == Self.longBytes)
    }

    @Test func whatWeCompressIsReadBack() throws {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<16_384).map { _ in random.next() as UInt8 }
        for bytes in [Self.short.bytes, Self.longBytes, noise, [UInt8](repeating: 0xFF, count: 16_384), []] {
            let compressed = Zlib.compress(bytes)
            #expect(try inflated(Base64URL.encode(compressed)) == bytes)
            // RFC 1950 §2.2: deflate with a window of 32 KiB, and a header that is a multiple of 31.
            #expect(compressed[0] == 0x78 && (Int(compressed[0]) << 8 + Int(compressed[1])) % 31 == 0)
        }
        #expect(Zlib.compress(Self.longBytes).count < 300)
    }
}
