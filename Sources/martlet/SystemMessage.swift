#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What the system says about an error number.
func systemMessage(_ code: CInt) -> String {
    unsafe String(cString: strerror(code))
}
