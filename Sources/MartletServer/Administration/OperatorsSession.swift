package import MartletCore
package import MartletJOSE
package import MartletProtocol

/// A session as an operator sees it: as its user does, and whose it is.
package struct OperatorsSession: Sendable {
    package let description: SessionDescription
    package let userID: UserID
    /// Nil where the account was removed.
    package let username: String?

    /// - Parameters:
    ///   - isCurrent: whether it is the one that asks.
    ///   - now: a session whose limits have passed is over, whether or not that was written down yet.
    package init(_ session: Session, username: String?, isCurrent: Bool = false, at now: Timestamp) {
        var description = SessionDescription(session, isCurrent: isCurrent)
        if description.ended == nil, let reason = session.expiry(at: now) {
            description.ended = .init(
                at: min(session.absoluteLimit, session.lastSeenAt + session.idleLimit), reason: reason)
        }
        self.description = description
        userID = session.userID
        self.username = username
    }

    /// Writes the members of a `SessionDescription`, `user`, and `story` where it is told.
    package func write(to writer: inout JSONWriter, story: SessionStory? = nil) {
        writer.object {
            description.writeMembers(to: &$0)
            $0.member("user") {
                $0.object {
                    $0.member("id", userID.description)
                    if let username { $0.member("username", username) }
                }
            }
            if let story {
                $0.member("story") { story.write(to: &$0) }
            }
        }
    }
}
