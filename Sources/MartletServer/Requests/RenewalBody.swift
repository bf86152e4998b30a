import MartletJOSE
import MartletProtocol

/// The body of a renewal: an object with the member `refreshToken`.
struct RenewalBody {
    let refreshToken: String

    /// - Throws: a `ProtocolError` that says what would be right.
    init(_ bytes: [UInt8], limit: Int) throws {
        if let token = Self.onlyMember(of: bytes) {
            refreshToken = token
        } else {
            refreshToken = try JSONMembers(parsing: bytes, limits: JSONLimits(maximumBytes: limit))
                .string("refreshToken")
        }
    }

    /// The token of a body as programs write it, `{"refreshToken":"mrt_…"}` and nothing else. With no character in it
    /// that JSON escapes or ends a string with, it needs no parser.
    private static func onlyMember(of bytes: [UInt8]) -> String? {
        guard bytes.starts(with: opening), bytes.suffix(2).elementsEqual(closing), bytes.count > opening.count + 2
        else { return nil }
        let token = bytes[opening.count..<bytes.count - 2]
        guard
            token.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x5F
            })
        else { return nil }
        return String(decoding: token, as: UTF8.self)
    }

    private static let opening = Array(#"{"refreshToken":""#.utf8)
    private static let closing = Array(#""}"#.utf8)
}
