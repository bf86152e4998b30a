import FuzzSupport
import MartletJOSE
import MartletProtocol

/// What decodes is spelt in one way: a second spelling of a token would slip past whoever compares tokens as text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: input(start, count), as: UTF8.self)
    guard let token = UnauthenticatedRefreshToken(text) else { return 0 }
    let bytes = try? Base64URL.decode(text.dropFirst(4))
    require(bytes?.count == 84, "accepted another length")
    require(bytes.map { "mrt_" + Base64URL.encode($0) } == text, "accepted a second spelling")
    require(bytes?[0] == 1, "accepted another version")
    require(bytes?[1] == token.keyID, "read another key id than the token has")
    require("\(token)" == "<redacted>", "printed a token")
    return 0
}
