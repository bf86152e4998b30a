import Crypto

/// 256 random bits.
func newSecret() -> [UInt8] {
    unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Array($0) }
}
