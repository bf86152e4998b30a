public import MartletJOSE

/// One entry of the denylist: which access tokens are refused although their signature is right and they have not
/// expired.
///
/// `{"kind": "session", "id": "…", "until": 1767225600000}`. Times are integers, in milliseconds since 1970.
public struct RevocationEntry: Answer, Hashable {
    public var kind: Kind
    /// The `sid`, `sub`, `client_id` or `jti` that it is about, as tokens have it; nil for ``Kind/all``.
    public var id: String?
    /// Tokens whose session was made before this are covered; a token without a session counts by its `iat`. Nil for a
    /// session and for a token, which are covered whenever they were made: a renewal that was decided just before the
    /// end must not escape.
    public var before: Timestamp?
    /// When the entry leaves: from then on, no token that it covers can be alive.
    public var until: Timestamp

    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case session, user, client, token, all

        /// Whether an entry of this kind has a `before`.
        public var hasTime: Bool { self != .session && self != .token }
    }

    private init(_ kind: Kind, id: String?, before: Timestamp?, until: Timestamp) {
        self.kind = kind
        self.id = id
        self.before = before
        self.until = until
    }

    public static func session(_ id: SessionID, until: Timestamp) -> Self {
        Self(.session, id: id.description, before: nil, until: until)
    }

    public static func user(_ id: UserID, before: Timestamp, until: Timestamp) -> Self {
        Self(.user, id: id.description, before: before, until: until)
    }

    public static func client(_ id: String, before: Timestamp, until: Timestamp) -> Self {
        Self(.client, id: id, before: before, until: until)
    }

    /// - Parameter id: the `jti`.
    public static func token(_ id: String, until: Timestamp) -> Self {
        Self(.token, id: id, before: nil, until: until)
    }

    public static func all(before: Timestamp, until: Timestamp) -> Self {
        Self(.all, id: nil, before: before, until: until)
    }

    /// - Throws: ``ProtocolError``, also where the kind is not known: an entry that cannot be understood cannot be
    ///   honoured.
    public init(_ members: JSONMembers) throws(ProtocolError) {
        let name = try members.string("kind")
        guard let kind = Kind(rawValue: name) else {
            throw ProtocolError(
                .invalidMember, name: "kind", "The member kind has to be session, user, client, token or all.")
        }
        self.init(
            kind, id: kind == .all ? nil : try members.string("id"),
            before: kind.hasTime ? Timestamp(milliseconds: try members.integer("before")) : nil,
            until: Timestamp(milliseconds: try members.integer("until")))
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("kind", kind.rawValue)
            $0.member("id", ifPresent: id)
            if let before { $0.member("before", before.milliseconds) }
            $0.member("until", until.milliseconds)
        }
    }
}
