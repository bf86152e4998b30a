import MartletJOSE
import MartletProtocol
import MartletVerifier

/// What the verifier said of one line. It never holds the token.
struct TokenVerdict {
    let line: Int
    let outcome: Outcome

    enum Outcome {
        case good(VerifiedAccessToken)
        /// - Parameters:
        ///   - code: the stable name of the reason.
        ///   - message: what is wrong, for people.
        case bad(code: String, message: String)
        /// Nothing can be said of it now, which is no reason to accept it.
        case unknown(code: String, message: String)
    }

    var isGood: Bool {
        if case .good = outcome { true } else { false }
    }

    var text: String {
        switch outcome {
        case .good(let token):
            var facts = ["sub \(token.subject)", "client \(token.clientID)"]
            if !token.scope.isEmpty { facts.append("scope \(token.scope.joined(separator: ","))") }
            if !token.roles.isEmpty { facts.append("roles \(token.roles.joined(separator: ","))") }
            facts.append("expires \(Timestamp(seconds: token.expiresAt).printable)")
            return "\(line): good: \(facts.joined(separator: ", "))".printable
        case .bad(let code, let message): return "\(line): bad: \(code): \(message)".printable
        case .unknown(let code, let message): return "\(line): unknown: \(code): \(message)".printable
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("line", line)
            switch outcome {
            case .good(let token):
                $0.member("verdict", "good")
                $0.member("subject", token.subject)
                $0.member("client", token.clientID)
                if let session = token.sessionID { $0.member("session", session) }
                $0.member("scope", token.scope)
                $0.member("roles", token.roles)
                $0.member("expiresAt", Timestamp(seconds: token.expiresAt).description)
            case .bad(let code, let message):
                $0.member("verdict", "bad")
                $0.member("code", code)
                $0.member("detail", message)
            case .unknown(let code, let message):
                $0.member("verdict", "unknown")
                $0.member("code", code)
                $0.member("detail", message)
            }
        }
    }
}
