extension VerifiedAccessToken {
    /// What stands first in the storage: first of all what is read of a token at each look-up, beside the count of its
    /// references.
    struct Contents {
        /// How many bytes of text follow; 0 where the text was not kept.
        let textCount: Int
        /// `exp`, as in the claims.
        let expiresAt: Int64
        let claims: AccessTokenClaims
        let key: VerificationKey
    }

    /// The one object that copies of a token have in common. The text that the token came as lies in it behind all else,
    /// if it was kept: so a look-up in a cache finds both with one way through memory.
    ///
    /// Its elements are 16 bytes, so that it is aligned as the texts of strings are, with which it is compared.
    @safe final class Storage: ManagedBuffer<Contents, SIMD16<UInt8>> {
        /// - Parameter text: what is kept of the text: all or nothing.
        static func make(
            claims: consuming AccessTokenClaims, key: consuming VerificationKey, text: Span<UInt8>
        ) -> Storage {
            // A closure cannot consume what it captures, but take it: eight references less to count than with a copy.
            var contents: Contents? = Contents(
                textCount: text.count, expiresAt: claims.expiresAt, claims: claims, key: key)
            let buffer = Storage.create(minimumCapacity: (text.count + 15) / 16) { _ in contents.take()! }
            // Safe: there is room for as many bytes, and `create` makes an instance of the class that it is called on.
            unsafe buffer.withUnsafeMutablePointerToElements { target in
                unsafe text.withUnsafeBytes { source in
                    guard let start = source.baseAddress else { return }
                    unsafe UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: source.count)
                }
            }
            return unsafe unsafeDowncast(buffer, to: Storage.self)
        }

        /// Lends the text.
        @inline(__always)
        func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
            unsafe withUnsafeMutablePointers { contents, text in
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: contents.pointee.textCount)
                return unsafe bytes.withMemoryRebound(to: UInt8.self, body)
            }
        }

        /// The contents, without a check whether somebody writes to them.
        @inline(__always)
        func read<Value>(_ body: (borrowing Contents) -> Value) -> Value {
            unsafe withUnsafeMutablePointerToHeader { unsafe body($0.pointee) }
        }
    }
}
