/// How a verifier follows what the authority revokes.
///
/// The client needs the scope `revocations:read`, and sees what concerns its own audience: register it with the audience
/// of this resource server. Prints without the secret.
public struct RevocationOptions: Sendable {
    /// The confidential client that the verifier signs in as.
    public var clientID: String

    let clientSecret: String

    /// For how long the verifier may go without word from the authority and still answer for itself: 10 seconds. The
    /// authority speaks every 2 seconds, so at least three times that.
    public var bound: Duration = .seconds(10)

    /// What the verifier does about a token when it has had no word for longer than ``bound``: refuse it.
    public var whenStale: StalePolicy = .refuse

    /// What becomes of a token that is right in all else while it cannot be told whether it was revoked. One that is
    /// known to be revoked is refused whatever is chosen here.
    public enum StalePolicy: Sendable, Hashable, CaseIterable {
        /// It is accepted, and counted in ``Verifier/Statistics/acceptedWhileStale``: revocations are late for as long as
        /// the authority is not heard.
        case goOn
        /// The authority is asked about this token (RFC 7662), each time. Where it does not answer, the token is refused
        /// as in ``refuse``.
        case introspect
        /// It is refused with ``VerifierError/Code/revocationsUnavailable``, which is a 503 to be tried again.
        case refuse
    }

    /// - Parameters:
    ///   - clientID: a confidential client with the scope `revocations:read`.
    ///   - clientSecret: its secret. Read it from a file or a secret store.
    public init(clientID: String, clientSecret: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
    }
}

extension RevocationOptions: CustomStringConvertible, CustomReflectable {
    public var description: String {
        "RevocationOptions(clientID: \(clientID), clientSecret: <redacted>, bound: \(bound), whenStale: \(whenStale))"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension RevocationOptions {
    func check() throws(VerifierError) {
        guard !clientID.isEmpty, !clientSecret.isEmpty else {
            throw VerifierError(.invalidConfiguration, "The client of revocations must have an id and a secret.")
        }
        guard bound > .zero else {
            throw VerifierError(.invalidConfiguration, "The bound of revocations must be more than zero.")
        }
    }
}
