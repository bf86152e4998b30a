public import MartletJOSE

/// A session as its user sees it: an item of `GET /v1/sessions`.
public struct SessionDescription: Answer, Hashable {
    public var id: SessionID
    /// What the user calls the device.
    public var device: String?
    /// The network address that was seen last.
    public var address: String?
    public var userAgent: String?
    /// The `client_id`.
    public var client: String
    public var createdAt: Timestamp
    public var lastSeenAt: Timestamp
    /// When it ends if it is not used.
    public var expiresAt: Timestamp
    /// Whether the request came from this session.
    public var isCurrent: Bool
    /// When and why it ended; nil while it goes on.
    public var ended: Ended?

    public init(
        id: SessionID, device: String?, address: String?, userAgent: String?, client: String, createdAt: Timestamp,
        lastSeenAt: Timestamp, expiresAt: Timestamp, isCurrent: Bool, ended: Ended? = nil
    ) {
        self.id = id
        self.device = device
        self.address = address
        self.userAgent = userAgent
        self.client = client
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.expiresAt = expiresAt
        self.isCurrent = isCurrent
        self.ended = ended
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        id = try members.identifier("id")
        device = try members.string(ifPresent: "device")
        address = try members.string(ifPresent: "address")
        userAgent = try members.string(ifPresent: "userAgent")
        client = try members.string("client")
        createdAt = try members.timestamp("createdAt")
        lastSeenAt = try members.timestamp("lastSeenAt")
        expiresAt = try members.timestamp("expiresAt")
        isCurrent = try members.bool("current")
        ended = if let ended = try members.members(ifPresent: "ended") { try Ended(ended) } else { nil }
    }

    public func write(to writer: inout JSONWriter) {
        writer.object { writeMembers(to: &$0) }
    }

    /// Writes the members alone, into an object that has others beside them.
    package func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id.description)
        writer.member("device", ifPresent: device)
        writer.member("address", ifPresent: address)
        writer.member("userAgent", ifPresent: userAgent)
        writer.member("client", client)
        writer.member("createdAt", createdAt)
        writer.member("lastSeenAt", lastSeenAt)
        writer.member("expiresAt", expiresAt)
        writer.member("current", isCurrent)
        if let ended {
            writer.member("ended") { ended.write(to: &$0) }
        }
    }
}

extension SessionDescription {
    /// When and why a session ended.
    public struct Ended: Answer, Hashable {
        public var at: Timestamp
        public var reason: EndReason

        public init(at: Timestamp, reason: EndReason) {
            self.at = at
            self.reason = reason
        }

        public init(_ members: JSONMembers) throws(ProtocolError) {
            at = try members.timestamp("at")
            reason = EndReason(rawValue: try members.string("reason"))
        }

        public func write(to writer: inout JSONWriter) {
            writer.object {
                $0.member("at", at)
                $0.member("reason", reason.rawValue)
            }
        }
    }
}
