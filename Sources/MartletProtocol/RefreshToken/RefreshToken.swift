package import Crypto
import MartletJOSE

/// A refresh token whose text was decoded but whose MAC was not checked: nothing in it is to be believed yet.
public struct UnauthenticatedRefreshToken: Sendable {
    let bytes: [UInt8]

    /// Decodes the text form: `mrt_`, then 112 characters of base64url for 84 bytes, version 1.
    ///
    /// - Returns: nil where it is anything else.
    public init?(_ text: some StringProtocol) {
        let utf8 = text.utf8
        let prefix = RefreshToken.prefix.utf8
        guard utf8.count == prefix.count + 112, utf8.starts(with: prefix),
            let bytes = try? Base64URL.decode(utf8.dropFirst(prefix.count)),
            bytes.count == RefreshToken.Layout.count, bytes[0] == RefreshToken.version,
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
    package func authenticated(with key: SymmetricKey) -> RefreshToken? {
        let claimed = bytes[RefreshToken.Layout.mac]
        let expected = RefreshToken.mac(over: bytes[..<RefreshToken.Layout.mac.lowerBound], key: key)
        var difference: UInt8 = 0
        for (left, right) in zip(claimed, expected) { difference |= left ^ right }
        return difference == 0 ? RefreshToken(authenticatedBytes: bytes) : nil
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
        parent: RefreshTokenTag, keyID: UInt8, key: SymmetricKey
    ) {
        var bytes: [UInt8] = [Self.version, keyID]
        bytes.reserveCapacity(Layout.count)
        bytes += session.uuid.bytes
        bytes += bigEndianBytes(generation)
        bytes += bigEndianBytes(issuedAt.milliseconds)[2...]
        bytes += seed.bytes
        bytes += bigEndianBytes(nonce)
        bytes += parent.bytes
        bytes += Self.mac(over: bytes[...], key: key)
        self.bytes = bytes
    }

    /// The text form, as clients hold it. A secret: never log it.
    public var text: String { Self.prefix + Base64URL.encode(bytes) }

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

    /// HMAC-SHA256 over a domain label and the fields, cut to 16 bytes.
    static func mac(over fields: ArraySlice<UInt8>, key: SymmetricKey) -> [UInt8] {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: domainLabel)
        mac.update(data: fields)
        return Array(mac.finalize().prefix(16))
    }

    private static let domainLabel = Array("martlet refresh token v1\0".utf8)
}

extension RefreshToken: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension UnauthenticatedRefreshToken: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
