package import MartletJOSE
public import MartletProtocol

extension EventRecord {
    /// The text that is stored and sealed: JSON whose members have one order.
    ///
    /// A reader takes what it knows and leaves the rest, so that later versions may add members.
    public var text: String {
        var writer = JSONWriter(capacity: 384)
        writer.object {
            $0.member("at", at.milliseconds)
            $0.member("kind", kind.rawValue)
            if let user { $0.member("user", user.description) }
            if let session { $0.member("session", session.description) }
            if let client { $0.member("client", client) }
            Self.write(presenter, "presenter", to: &$0)
            Self.write(earlierPresenter, "earlier", to: &$0)
            if let decision { $0.member("decision", decision) }
            if let reason { $0.member("reason", reason.rawValue) }
            if let count { $0.member("count", count) }
            if let actor { $0.member("actor", actor) }
            if let detail { $0.member("detail", Self.cut(detail)) }
            if let alarm {
                $0.member("alarm") { alarm.write(to: &$0) }
            }
            if !sessions.isEmpty { $0.member("sessions", sessions.map(\.description)) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Reads a stored text.
    ///
    /// - Throws: where it is not such a text.
    public init(text: String) throws(ProtocolError) {
        let members = try JSONMembers(parsing: Array(text.utf8))
        self.init(
            EventKind(rawValue: try members.string("kind")),
            at: Timestamp(milliseconds: try members.integer("at")),
            user: try members.read("user", "a user's id") { $0.string.flatMap { UserID($0) } },
            session: try members.read("session", "a session's id") { $0.string.flatMap { SessionID($0) } },
            client: try members.string(ifPresent: "client"),
            presenter: try Presenter(ifPresent: "presenter", in: members),
            earlierPresenter: try Presenter(ifPresent: "earlier", in: members),
            decision: try members.string(ifPresent: "decision"),
            reason: try members.string(ifPresent: "reason").map(EndReason.init(rawValue:)),
            count: try members.integer(ifPresent: "count").map { Int(clamping: $0) },
            actor: try members.string(ifPresent: "actor"), detail: try members.string(ifPresent: "detail"))
        if let alarm = try members.members(ifPresent: "alarm") {
            self.alarm = Alarm(
                rule: try alarm.string("rule"), score: Int(clamping: try alarm.integer("score")),
                words: try alarm.string("words"), answer: try alarm.string(ifPresent: "answer"))
        }
        sessions = (try members.strings(ifPresent: "sessions") ?? []).compactMap { SessionID($0) }
    }

    private static func write(_ presenter: Presenter?, _ name: String, to writer: inout JSONWriter) {
        guard let presenter else { return }
        writer.member(name) {
            $0.object {
                if !presenter.address.isEmpty { $0.member("address", presenter.address) }
                if !presenter.userAgent.isEmpty { $0.member("userAgent", cut(presenter.userAgent)) }
            }
        }
    }

    /// What others wrote must not fill the disk.
    fileprivate static func cut(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var length = 0
        return String(
            text.unicodeScalars.prefix { scalar in
                length += UTF8.width(scalar)
                return length <= longestText
            })
    }

    /// In bytes.
    static let longestText = 512
}

extension EventRecord.Alarm {
    /// Writes it as an object.
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("rule", rule)
            $0.member("score", score)
            $0.member("words", EventRecord.cut(words))
            if let answer { $0.member("answer", answer) }
        }
    }
}

extension Presenter {
    fileprivate init?(ifPresent name: String, in members: JSONMembers) throws(ProtocolError) {
        guard let members = try members.members(ifPresent: name) else { return nil }
        self.init(
            address: try members.string(ifPresent: "address") ?? "",
            userAgent: try members.string(ifPresent: "userAgent") ?? "")
    }
}
