import MartletJOSE
import MartletProtocol

/// A JWT taken apart (RFC 7519, RFC 7515 §7.1). Nothing in it is to be believed for that.
struct InspectedJWT {
    let compact: String
    let header: JSONObject
    let claims: JSONObject

    init(_ text: String) throws(CommandFailure) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count != 5 else {
            throw CommandFailure("This looks like an encrypted JWT (RFC 7516), which only its recipient can read.")
        }
        guard parts.count == 3 else {
            throw CommandFailure(
                "This is neither a JWT, which has three parts with dots between, nor a refresh token, which begins "
                    + "with \(RefreshToken.prefix).")
        }
        compact = text
        header = try Self.object(parts[0], "header")
        claims = try Self.object(parts[1], "payload")
    }

    private static func object(_ part: Substring, _ name: String) throws(CommandFailure) -> JSONObject {
        do throws(JOSEError) {
            if let object = try JSONValue(parsing: Base64URL.decode(part)).object { return object }
        } catch {
            throw CommandFailure("The \(name) of this JWT is damaged: \(error.message.printable)")
        }
        throw CommandFailure("The \(name) of this JWT is not a JSON object.")
    }

    /// When it expires, where it says so.
    private var expiresAt: Timestamp? { Self.time(claims["exp"]) }

    func text(_ verification: TokenVerification, at now: Timestamp) -> String {
        var facts = Table()
        verification.add(to: &facts)
        facts.add(
            "expired",
            expiresAt.map { $0 > now ? "no, it expires \($0.printable)" : "yes, it expired \($0.printable)" }
                ?? "it does not say")
        return """
            \(facts.text)

            header
            \(Self.table(of: header))

            claims
            \(Self.table(of: claims))
            """
    }

    func json(_ verification: TokenVerification, at now: Timestamp) -> JSONValue {
        var object: JSONObject = ["kind": "jwt"]
        verification.add(to: &object)
        object["expired"] = expiresAt.map { .bool($0 <= now) }
        object["header"] = .object(header)
        object["claims"] = .object(claims)
        return .object(object)
    }

    private static func table(of object: JSONObject) -> String {
        var table = Table()
        for member in object.members {
            var shown = member.value.string ?? member.value.strings?.joined(separator: ", ")
            if timeClaims.contains(member.name), let time = time(member.value) {
                shown = "\(time.seconds) (\(time.printable))"
            }
            table.add("  \(member.name)", shown ?? String(decoding: member.value.serialized(), as: UTF8.self))
        }
        return table.text
    }

    /// Claims that are a NumericDate (RFC 7519 §2).
    private static let timeClaims: Set = ["exp", "nbf", "iat", "auth_time", "updated_at"]

    /// - Returns: nil for anything that is not the time of a year with four digits.
    private static func time(_ value: JSONValue?) -> Timestamp? {
        guard let seconds = value?.number?.double, (0..<253_402_300_800).contains(seconds) else { return nil }
        return Timestamp(seconds: Int64(seconds))
    }
}
