/// What keeps the listener from starting: an address, a certificate or the local CA that cannot be used.
///
/// The message names the file or the address and says what would be right. It holds no secret.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    /// A stable name for the kind of failure.
    public struct Code: Hashable, Sendable, RawRepresentable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Another process listens on the address.
        public static let addressTaken = Code(rawValue: "address_taken")
        /// This machine does not have the address, or the host has none.
        public static let addressUnavailable = Code(rawValue: "address_unavailable")
        /// The process may not use the port.
        public static let addressForbidden = Code(rawValue: "address_forbidden")
        /// The certificate file is missing or not readable.
        public static let certificateUnreadable = Code(rawValue: "certificate_unreadable")
        /// The certificate file holds no certificate in PEM.
        public static let certificateInvalid = Code(rawValue: "certificate_invalid")
        /// The key file is missing or not readable.
        public static let keyUnreadable = Code(rawValue: "key_unreadable")
        /// The key file holds no private key in PEM.
        public static let keyInvalid = Code(rawValue: "key_invalid")
        /// The key is not the one of the certificate.
        public static let keyMismatch = Code(rawValue: "key_mismatch")
        /// The local CA is damaged or half there.
        public static let localCADamaged = Code(rawValue: "local_ca_damaged")
        /// The local CA has come to the end of its life.
        public static let localCAExpired = Code(rawValue: "local_ca_expired")
        /// The local CA does not vouch for a host that was asked for.
        public static let localCAHostRefused = Code(rawValue: "local_ca_host_refused")
        /// A file or folder of the local CA cannot be written or read.
        public static let folderUnusable = Code(rawValue: "folder_unusable")
    }

    public let code: Code
    /// What is wrong and what would be right, in one sentence.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
