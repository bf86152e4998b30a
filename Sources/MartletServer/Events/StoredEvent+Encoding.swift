public import MartletCore
public import MartletJOSE
import MartletProtocol

extension StoredEvent {
    /// Writes the record as an object, for administrators and the command: with its number, and in words.
    public func write(to writer: inout JSONWriter) {
        Self.write(record, number: number, to: &writer)
    }

    static func write(_ record: EventRecord, number: Int64, to writer: inout JSONWriter) {
        writer.object {
            $0.member("number", number)
            $0.member("at", record.at.description)
            $0.member("kind", record.kind.rawValue)
            $0.member("words", record.words)
            if let user = record.user { $0.member("user", user.description) }
            if let session = record.session { $0.member("session", session.description) }
            if let client = record.client { $0.member("client", client) }
            write(record.presenter, "presenter", to: &$0)
            write(record.earlierPresenter, "earlierPresenter", to: &$0)
            if let decision = record.decision { $0.member("decision", decision) }
            if let reason = record.reason { $0.member("reason", reason.rawValue) }
            if let count = record.count { $0.member("count", count) }
            if let actor = record.actor { $0.member("actor", actor) }
            if let detail = record.detail { $0.member("detail", detail) }
            if let alarm = record.alarm { $0.member("alarm") { alarm.write(to: &$0) } }
            if !record.sessions.isEmpty { $0.member("sessions", record.sessions.map(\.description)) }
        }
    }

    private static func write(_ presenter: Presenter?, _ name: String, to writer: inout JSONWriter) {
        guard let presenter, presenter != Presenter() else { return }
        writer.member(name) {
            $0.object {
                if !presenter.address.isEmpty { $0.member("address", presenter.address) }
                if !presenter.userAgent.isEmpty {
                    $0.member("userAgent", presenter.userAgent)
                    $0.member("device", DeviceWords(presenter.userAgent).description)
                }
            }
        }
    }
}
