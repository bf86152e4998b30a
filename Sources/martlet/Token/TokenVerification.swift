import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

/// What is known of a token beside what it says itself.
enum TokenVerification {
    /// - Parameter 0: why.
    case notChecked(String)
    /// - Parameter 0: what is wrong with it.
    case failed(String)
    /// This authority made it for a client itself, which has no session.
    case verifiedWithoutSession
    /// This authority made it.
    ///
    /// - Parameters:
    ///   - session: as storage has it; nil where it is there no more.
    ///   - isCurrent: for a refresh token, whether a renewal would be granted for it.
    case verified(session: OperatorsSession?, isCurrent: Bool?)

    /// The stable name.
    var name: String {
        switch self {
        case .notChecked: "not_checked"
        case .failed: "failed"
        case .verifiedWithoutSession, .verified: "verified"
        }
    }

    func add(to table: inout Table) {
        switch self {
        case .notChecked(let reason):
            table.add("verified", "no: \(reason)")
        case .failed(let reason):
            table.add("verified", "NO. Do not believe what it says: \(reason)")
        case .verifiedWithoutSession:
            table.add("verified", Self.yes)
            table.add("session", "none: it is a client's own")
        case .verified(let session, let isCurrent):
            table.add("verified", Self.yes)
            if let session {
                let state = session.description.ended.map { "over since \($0.at.printable), \($0.reason.rawValue)" }
                table.add("session", "\(session.description.id), \(state ?? "live")")
                table.add("user", session.username ?? "removed")
            } else {
                table.add("session", "there is none any more")
            }
            if let isCurrent { table.add("can renew", isCurrent.printable) }
        }
    }

    private static let yes = "yes, made by this authority"

    func add(to object: inout JSONObject) {
        object["verification"] = .string(name)
        switch self {
        case .notChecked(let reason), .failed(let reason):
            object["verificationDetail"] = .string(reason)
        case .verifiedWithoutSession: break
        case .verified(let session, let isCurrent):
            object["session"] = session?.json
            object["current"] = isCurrent.map(JSONValue.bool)
        }
    }
}

extension Authority {
    func verification(of token: InspectedJWT) async throws -> TokenVerification {
        do throws(JOSEError) {
            _ = try JWS.verify(token.compact, keys: keys.verificationKeys, expectedType: nil)
        } catch {
            return .failed(error.message)
        }
        guard let id = token.claims["sid"]?.string.flatMap({ SessionID($0) }) else {
            return .verifiedWithoutSession
        }
        return .verified(session: try await operatorsSession(id), isCurrent: nil)
    }

    func verification(ofRefreshToken text: String) async throws -> TokenVerification {
        guard let session = try await introspectedSession(ofRefreshToken: text) else {
            return .failed("it was not made by this authority, or its session is there no more.")
        }
        var isCurrent = false
        if let client = try await clients.client(session.clientID),
            case .refreshToken = try await introspect(text, by: client)
        {
            isCurrent = true
        }
        return .verified(session: try await operatorsSession(session.id), isCurrent: isCurrent)
    }

    private func operatorsSession(_ id: SessionID) async throws -> OperatorsSession? {
        guard let session = try await session(id) else { return nil }
        return try await OperatorsSession(
            session, username: user(session.userID)?.username, at: Clock.system.now)
    }
}

extension OperatorsSession {
    fileprivate var json: JSONValue {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        guard let json = try? JSONValue(parsing: writer.bytes) else {
            preconditionFailure("what is written is JSON")
        }
        return json
    }
}
