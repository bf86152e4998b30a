import FuzzSupport
import MartletJOSE

/// What is accepted has no other spelling; what was encoded is accepted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    if let decoded = try? Base64URL.decode(bytes) {
        require(Base64URL.encodeBytes(decoded) == bytes, "accepted a second spelling")
    }
    require((try? Base64URL.decode(Base64URL.encode(bytes))) == bytes, "did not read back what was encoded")
    return 0
}
