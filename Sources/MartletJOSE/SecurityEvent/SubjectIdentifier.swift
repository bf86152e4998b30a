/// Whom or what an event is about (RFC 9493).
public enum SubjectIdentifier: Hashable, Sendable {
    /// A subject by who issued it and its name there (§3.2.3).
    case issuerAndSubject(issuer: String, subject: String)

    /// A name that says nothing by itself (§3.2.4).
    case opaque(String)

    /// A user, a session, or a session of a user, each by its own identifier (OpenID Shared Signals Framework 1.0 §3.3).
    case complex(user: ComplexPart?, session: ComplexPart?)

    /// A member of a complex subject.
    public enum ComplexPart: Hashable, Sendable {
        /// As ``SubjectIdentifier/issuerAndSubject(issuer:subject:)``.
        case issuerAndSubject(issuer: String, subject: String)
        /// As ``SubjectIdentifier/opaque(_:)``.
        case opaque(String)

        fileprivate var identifier: SubjectIdentifier {
            switch self {
            case .issuerAndSubject(let issuer, let subject): .issuerAndSubject(issuer: issuer, subject: subject)
            case .opaque(let id): .opaque(id)
            }
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            switch self {
            case .issuerAndSubject(let issuer, let subject):
                $0.member("format", "iss_sub")
                $0.member("iss", issuer)
                $0.member("sub", subject)
            case .opaque(let id):
                $0.member("format", "opaque")
                $0.member("id", id)
            case .complex(let user, let session):
                $0.member("format", "complex")
                if let user { $0.member("user") { user.identifier.write(to: &$0) } }
                if let session { $0.member("session") { session.identifier.write(to: &$0) } }
            }
        }
    }
}
