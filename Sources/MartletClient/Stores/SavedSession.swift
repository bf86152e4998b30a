import MartletJOSE
import MartletProtocol

/// What a token store holds. The access token is not in it: that one lives in memory only.
public struct SavedSession: Sendable, Hashable {
    /// A secret: prints as `<redacted>`.
    public var refreshToken: String
    public var user: SignedInUser
    /// The server's URL, as the client writes it.
    public var server: String
    /// The `client_id`.
    public var client: String

    public init(refreshToken: String, user: SignedInUser, server: String, client: String) {
        self.refreshToken = refreshToken
        self.user = user
        self.server = server
        self.client = client
    }

    static let version: Int64 = 1
}

extension SavedSession {
    /// The session as JSON, for stores that hold bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("version", Self.version)
            $0.member("server", server)
            $0.member("client", client)
            $0.member("session", user.session.description)
            $0.member("user") {
                $0.object {
                    $0.member("id", user.id.description)
                    $0.member("username", user.username)
                }
            }
            $0.member("refreshToken", refreshToken)
        }
        return writer.bytes
    }

    /// Reads what ``encoded()`` wrote.
    ///
    /// - Throws: ``MartletClientError/Code/storeTooNew`` for a later format, else
    ///   ``MartletClientError/Code/storeCorrupt``.
    public init(decoding bytes: [UInt8]) throws(MartletClientError) {
        do {
            let members = try JSONMembers(parsing: bytes)
            let version = try members.integer("version")
            guard version <= Self.version else {
                throw MartletClientError(
                    .storeTooNew,
                    "The token store was written by a newer version of this software. Use that version, or sign in "
                        + "with another store.")
            }
            guard version == Self.version else {
                throw ProtocolError(.invalidMember, name: "version", "There was never a version \(version).")
            }
            let user = try members.members("user")
            self.init(
                refreshToken: try members.string("refreshToken"),
                user: SignedInUser(
                    id: try user.identifier("id"), username: try user.string("username"),
                    session: try members.identifier("session")),
                server: try members.string("server"),
                client: try members.string("client"))
        } catch let error as MartletClientError {
            throw error
        } catch {
            throw MartletClientError(
                .storeCorrupt, "What the token store held is damaged. Sign in again.", detail: "\(error)")
        }
    }
}

extension SavedSession: CustomStringConvertible, CustomReflectable {
    public var description: String {
        "SavedSession(\(user.username) at \(server), refreshToken: <redacted>)"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
