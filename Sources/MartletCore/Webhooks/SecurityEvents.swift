package import MartletJOSE
import MartletProtocol

extension OutboxMessage {
    /// What a receiver of security events is told of it: one token for each session that a record names, since a token
    /// has one subject. None where there is nothing to tell, or no subject that could be named.
    ///
    /// They are the same at each attempt.
    package func securityEvents(issuer: String, audience: String) -> [SecurityEventClaims] {
        let record = record
        let user = record.user.map { user in
            SubjectIdentifier.ComplexPart.issuerAndSubject(issuer: issuer, subject: user.description)
        }
        let subjects: [SubjectIdentifier]
        let event: JSONValue
        let type: String
        switch record.kind {
        case .sessionsEnded, .replay:
            type = "session-revoked"
            event = record.sessionRevoked
            let sessions = record.session.map { [$0] } ?? record.sessions
            if sessions.isEmpty {
                // More than could be named. To take it for all of the user's sessions is on the safe side.
                subjects = user.map { [.complex(user: $0, session: nil)] } ?? []
            } else {
                subjects = sessions.map { .complex(user: user, session: .opaque($0.description)) }
            }
        case .passwordChanged:
            type = "credential-change"
            event = record.credentialChange
            subjects = record.user.map { [.issuerAndSubject(issuer: issuer, subject: $0.description)] } ?? []
        default:
            return []
        }
        return subjects.enumerated().map { number, subject in
            SecurityEventClaims(
                issuer: issuer, audience: audience, issuedAt: createdAt.seconds,
                tokenID: number == 0 ? id.description : "\(id).\(number)", subject: subject,
                eventType: "https://schemas.openid.net/secevent/caep/event-type/\(type)", event: event)
        }
    }
}

extension EventRecord {
    /// OpenID CAEP 1.0 §3.1.
    fileprivate var sessionRevoked: JSONValue {
        var event = common(by: reason.map { Self.initiator(of: $0, actor: actor) } ?? "policy")
        if let reason { event["reason_admin"] = ["en": .string("\(reason.rawValue): \(reason.explanation)")] }
        return .object(event)
    }

    /// OpenID CAEP 1.0 §3.3.
    fileprivate var credentialChange: JSONValue {
        var event = common(by: actor == nil && presenter != nil ? "user" : "admin")
        event["credential_type"] = "password"
        event["change_type"] = "update"
        event["reason_admin"] = ["en": .string(words)]
        return .object(event)
    }

    private func common(by initiator: String) -> JSONObject {
        ["event_timestamp": .number(JSONNumber(at.seconds)), "initiating_entity": .string(initiator)]
    }

    private static func initiator(of reason: EndReason, actor: String?) -> String {
        switch reason {
        case .signedOut, .signedOutElsewhere: "user"
        case .passwordChanged: actor == nil ? "user" : "admin"
        case .revokedByAdmin, .userDisabled, .userRemoved, .clientRemoved: "admin"
        case .restoredStorage: "system"
        default: "policy"
        }
    }
}

extension Authority {
    /// Signs what a receiver of security events is told, each as a token.
    package func sign(_ events: [SecurityEventClaims]) throws(AuthorityError) -> [String] {
        let now = clock.now
        return try events.map { (event) throws(AuthorityError) in
            try signing("an event", at: now) { (signer) throws(JOSEError) in try signer.sign(event) }
        }
    }
}
