public import MartletJOSE

/// What `GET /v1/sessions` answers: `{"sessions": […]}`, the newest first.
public struct SessionList: Answer, Hashable {
    public var sessions: [SessionDescription]

    public init(sessions: [SessionDescription]) {
        self.sessions = sessions
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        guard let list = try members.list(ifPresent: "sessions") else {
            throw ProtocolError(.missingMember, name: "sessions", "The member sessions is missing.")
        }
        sessions = []
        for entry in list { sessions.append(try SessionDescription(entry)) }
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("sessions") {
                $0.array {
                    for session in sessions { session.write(to: &$0) }
                }
            }
        }
    }
}
