import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

/// A session as an operator sees it: as its user does, and whose it is.
struct OperatorsSession {
    let description: SessionDescription
    let userID: UserID
    /// Nil where the account was removed.
    let username: String?

    /// - Parameter now: a session whose limits have passed is over, whether or not that was written down yet.
    init(_ session: Session, user: User?, at now: Timestamp) {
        var description = SessionDescription(session, isCurrent: false)
        if description.ended == nil, let reason = session.expiry(at: now) {
            description.ended = .init(
                at: min(session.absoluteLimit, session.lastSeenAt + session.idleLimit), reason: reason)
        }
        self.description = description
        userID = session.userID
        username = user?.username
    }

    /// The members of a `SessionDescription`, and `user`.
    var json: JSONValue {
        guard var object = try? JSONValue(parsing: description.encoded()).object else {
            preconditionFailure("a description is encoded as an object")
        }
        var user: JSONObject = ["id": .string("\(userID)")]
        user["username"] = username.map(JSONValue.string)
        object["user"] = .object(user)
        return .object(object)
    }

    var table: String {
        var table = Table()
        table.add("id", "\(description.id)")
        table.add("user", username.map { "\($0), id \(userID)" } ?? "removed, id \(userID)")
        table.add("client", description.client)
        table.add("device", description.device)
        table.add("address", description.address)
        table.add("user agent", description.userAgent)
        table.add("begun", description.createdAt.printable)
        table.add("last seen", description.lastSeenAt.printable)
        if let ended = description.ended {
            table.add("ended", "\(ended.at.printable): \(ended.reason.rawValue)")
        } else {
            table.add("ends unused", description.expiresAt.printable)
        }
        return table.text
    }
}
