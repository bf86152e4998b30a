package import Crypto
import MartletJOSE

/// A refresh token whose text was decoded but whose MAC was not checked: nothing in it is to be believed yet.
public struct UnauthenticatedRefreshToken: Sendable {
    let bytes: [UInt8]

    /// Decodes the text form: `mrt_`, then 112 characters of base64url for 84 bytes, version 1.
    ///
    /// - Returns: nil where it is anything else.
    public init?(_ text: some StringProtocol) {
        self.init(String(text))
    }

    /// As the other, for the text of a request: without a detour through a generic sequence.
    public init?(_ text: String) {
        var text = text
        let prefix = RefreshToken.prefix.utf8
        let decoded = text.withUTF8 { characters -> [UInt8]? in
            guard characters.count == prefix.count + 112, unsafe characters.starts(with: prefix) else {
                return nil
            }
            return try? Base64URL.decode(unsafe characters.span.extracting(prefix.count..<characters.count))
        }
        guard let bytes = decoded, bytes.count == RefreshToken.Layout.count, bytes[0] == RefreshToken.version,
            UUIDv7(bytes: bytes[RefreshToken.Layout.session]) != nil
        else { return nil }
        self.bytes = bytes
    }

    /// Which MAC key the token names.
    public var keyID: UInt8 { bytes[1] }

    /// What the token says of itself, for people to look at: anyone can write such a token.
    package var claim: (session: SessionID, generation: UInt32, issuedAt: Timestamp) {
        let token = RefreshToken(authenticatedBytes: bytes)
        return (token.session, token.generation, token.issuedAt)
    }

    /// Checks the MAC, in constant time.
    ///
    /// - Parameter key: the server's key with the id `keyID`.
    /// - Returns: nil where the token was not made with this key.
    package func authenticated(with key: RefreshTokenMACKey) -> RefreshToken? {
        let claimed = RefreshTokenMAC(bytes: bytes[RefreshToken.Layout.mac])
        let expected = key.mac(over: bytes[..<RefreshToken.Layout.mac.lowerBound])
        return expected.equals(claimed) ? RefreshToken(authenticatedBytes: bytes) : nil
    }

    /// As the other, with a key that is used once.
    package func authenticated(with key: SymmetricKey) -> RefreshToken? {
        authenticated(with: RefreshTokenMACKey(key))
    }
}

/// A refresh token that this authority made: 84 bytes with a MAC, as rotation.md in `docs/` lays them out.
///
/// It is made in two ways only: minted here, or authenticated from its text.
public struct RefreshToken: Hashable, Sendable {
    /// What the text form begins with, so that secret scanners and people know it.
    public static let prefix = "mrt_"
    static let version: UInt8 = 1

    enum Layout {
        static let session = 2..<18
        static let generation = 18..<22
        static let issuedAt = 22..<28
        static let seed = 28..<44
        static let nonce = 44..<52
        static let parent = 52..<68
        static let mac = 68..<84
        static let count = 84
    }

    let bytes: [UInt8]

    init(authenticatedBytes bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Mints a token.
    ///
    /// - Parameters:
    ///   - session: the session it renews.
    ///   - generation: its parent's generation + 1; the token given at sign-in is 1.
    ///   - issuedAt: now.
    ///   - seed: the session's seed, 16 bytes, the same in each of its tokens.
    ///   - nonce: 64 random bits that tell siblings apart.
    ///   - parent: the tag of the token in answer to which this one is given; at sign-in the root tag.
    ///   - keyID: the id of `key`.
    ///   - key: the server's MAC key.
    package init(
        session: SessionID, generation: UInt32, issuedAt: Timestamp, seed: RefreshTokenSeed, nonce: UInt64,
        parent: RefreshTokenTag, keyID: UInt8, key: RefreshTokenMACKey
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Layout.count)
        bytes.append(Self.version)
        bytes.append(keyID)
        bytes.append(bigEndian: session.uuid.high)
        bytes.append(bigEndian: session.uuid.low)
        bytes.append(bigEndian: generation)
        // The low 48 bits.
        bytes.append(bigEndian: UInt16(truncatingIfNeeded: issuedAt.milliseconds >> 32))
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: issuedAt.milliseconds))
        bytes.append(contentsOf: seed.bytes)
        bytes.append(bigEndian: nonce)
        bytes.append(bigEndian: parent.high)
        bytes.append(bigEndian: parent.low)
        let mac = key.mac(over: bytes[...])
        bytes.append(bigEndian: mac.high)
        bytes.append(bigEndian: mac.low)
        self.bytes = bytes
    }

    /// As the other, with a key that is used once.
    package init(
        session: SessionID, generation: UInt32, issuedAt: Timestamp, seed: RefreshTokenSeed, nonce: UInt64,
        parent: RefreshTokenTag, keyID: UInt8, key: SymmetricKey
    ) {
        self.init(
            session: session, generation: generation, issuedAt: issuedAt, seed: seed, nonce: nonce, parent: parent,
            keyID: keyID, key: RefreshTokenMACKey(key)
        )
    }

    /// The text form, as clients hold it. A secret: never log it.
    public var text: String { Base64URL.encode(bytes.span, behind: Self.prefix) }

    public var keyID: UInt8 { bytes[1] }

    public var session: SessionID {
        guard let uuid = UUIDv7(bytes: bytes[Layout.session]) else {
            preconditionFailure("a refresh token is only made from a version 7 UUID")
        }
        return SessionID(uuid)
    }

    public var generation: UInt32 {
        bytes[Layout.generation].bigEndianInteger()
    }

    public var issuedAt: Timestamp {
        Timestamp(milliseconds: bytes[Layout.issuedAt].bigEndianInteger())
    }

    public var seed: RefreshTokenSeed { RefreshTokenSeed(bytes: Array(bytes[Layout.seed])) }

    /// The tag of the token in answer to which this one was given.
    public var parent: RefreshTokenTag {
        guard let tag = RefreshTokenTag(bytes: bytes[Layout.parent]) else {
            preconditionFailure("a refresh token holds 16 bytes of parent tag")
        }
        return tag
    }
}

extension RefreshToken: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension UnauthenticatedRefreshToken: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
