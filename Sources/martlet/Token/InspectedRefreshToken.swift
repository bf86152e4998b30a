import MartletJOSE
import MartletProtocol

/// What a refresh token says of itself, without what would help to use it.
struct InspectedRefreshToken {
    let keyID: UInt8
    let session: SessionID
    let generation: UInt32
    let issuedAt: Timestamp

    init(_ text: String) throws(CommandFailure) {
        guard let token = UnauthenticatedRefreshToken(text) else {
            throw CommandFailure(
                "This begins like a refresh token but is none: \(RefreshToken.prefix) and 112 characters of base64url "
                    + "are one.")
        }
        keyID = token.keyID
        (session, generation, issuedAt) = token.claim
    }

    func text(_ verification: TokenVerification, at now: Timestamp) -> String {
        var table = Table()
        table.add("kind", "refresh token")
        verification.add(to: &table)
        table.add("says session", "\(session)")
        table.add("says generation", "\(generation)")
        table.add("says issued", issuedAt.printable)
        table.add("says key", "\(keyID)")
        return table.text
    }

    func json(_ verification: TokenVerification, at now: Timestamp) -> JSONValue {
        var object: JSONObject = [
            "kind": "refresh_token", "sessionId": .string("\(session)"),
            "generation": .number(JSONNumber(Int64(generation))), "issuedAt": .string("\(issuedAt)"),
            "key": .string("\(keyID)"),
        ]
        verification.add(to: &object)
        return .object(object)
    }
}
