import Crypto
import MartletProtocol

/// The key that the authority's keys are sealed under at rest. Prints as `<redacted>`.
public struct MasterKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: SymmetricKey

    /// Makes a new one.
    public init() {
        key = SymmetricKey(size: .bits256)
    }

    /// - Parameter bytes: 32 random bytes.
    /// - Returns: nil for another length.
    public init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// The 32 bytes, to be written to a 0600 file.
    public var bytes: [UInt8] {
        unsafe key.withUnsafeBytes { unsafe Array($0) }
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// A key of its own for one purpose (HKDF-SHA256, RFC 5869).
    func derivedKey(_ label: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array(label.utf8), outputByteCount: 32)
    }

    /// Seals with AES-256-GCM: nonce, ciphertext, tag.
    ///
    /// - Parameter label: what the secret is for. It has to be the same to open it, so one sealed key cannot be put in
    ///   another's place.
    func seal(_ secret: [UInt8], label: String) throws(AuthorityError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(secret, using: key, authenticating: Array(label.utf8))
            return Array(box.nonce) + box.ciphertext + box.tag
        } catch {
            throw AuthorityError(.storageUnavailable, detail: "a key could not be sealed: \(error)")
        }
    }

    /// - Returns: nil where it was sealed under another master key or label, or was tampered with.
    func open(_ sealed: [UInt8], label: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let secret = try? AES.GCM.open(box, using: key, authenticating: Array(label.utf8))
        else { return nil }
        return Array(secret)
    }
}
