import MartletJOSE

/// What claims of a team's own may be. An access token goes into the header of each request, so they have to be few.
enum CustomClaims {
    static let most = 16
    static let mostBytes = 1_024
    static let deepest = 8

    /// Those that are written here, and those by which a verifier decides who may use the token and for whom: proof of a
    /// key (RFC 7800), and acting for another (RFC 8693).
    static let reservedNames = Set(AccessTokenClaims.registeredNames + ["status", "cnf", "act", "may_act"])

    /// What is wrong with the claims; nil where nothing is.
    static func fault(of claims: JSONObject) -> String? {
        if claims.isEmpty { return nil }
        for member in claims.members {
            if member.name.isEmpty { return "A claim needs a name." }
            if reservedNames.contains(member.name) {
                return "A claim may not be named \(member.name): the authority writes it, or verifiers decide by it."
            }
        }
        if claims.count > most { return "There may be at most \(most) claims; these are \(claims.count)." }
        let text = JSONValue.object(claims).serialized()
        if text.count > mostBytes {
            return "The claims may have at most \(mostBytes) bytes as JSON; these have \(text.count)."
        }
        let limits = JSONLimits(maximumBytes: mostBytes, maximumDepth: deepest, maximumMembers: mostBytes)
        guard (try? JSONValue(parsing: text, limits: limits)) != nil else {
            return "The claims may nest at most \(deepest) deep."
        }
        return nil
    }
}
