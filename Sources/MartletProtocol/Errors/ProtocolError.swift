/// What is wrong with a JSON document or a form that came over the wire.
///
/// Two errors are equal when their code and name are.
public struct ProtocolError: Error, Sendable {
    /// The kind of error: stable, for programs to act on.
    public let code: Code
    /// The member or parameter that is at fault, such as `session.id`; nil where it is the whole text.
    public let name: String?
    /// What is wrong and what would be right. Safe to send to a caller: it never quotes a value.
    public let message: String

    public init(_ code: Code, name: String? = nil, _ message: String) {
        self.code = code
        self.name = name
        self.message = message
    }
}

extension ProtocolError {
    /// The kind of a ``ProtocolError``. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name, in snake case.
        public let rawValue: String

        private init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        public var description: String { rawValue }

        /// The text is not JSON, or its top is not an object.
        public static let malformedJSON = Code("malformed_json")
        /// A member that has to be there is not.
        public static let missingMember = Code("missing_member")
        /// A member has the wrong type, or a value that its type does not allow.
        public static let invalidMember = Code("invalid_member")
        /// A member that would be ignored elsewhere, where all of them have to count.
        public static let unknownMember = Code("unknown_member")
        /// The text is not `application/x-www-form-urlencoded`.
        public static let malformedForm = Code("malformed_form")
        /// A parameter occurs more than once (RFC 6749 §3.1).
        public static let duplicateParameter = Code("duplicate_parameter")
        /// A parameter that has to be there is not, or is empty.
        public static let missingParameter = Code("missing_parameter")
        /// More bytes, parameters or members than the limits allow.
        public static let tooLarge = Code("too_large")
    }
}

extension ProtocolError: Hashable {
    public static func == (left: ProtocolError, right: ProtocolError) -> Bool {
        left.code == right.code && left.name == right.name
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(name)
    }
}

extension ProtocolError: CustomStringConvertible {
    public var description: String { "\(code): \(message)" }
}
