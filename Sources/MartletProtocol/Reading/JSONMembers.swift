public import MartletJOSE

/// The members of a JSON object, read by name and type. Each error names the member by its whole path.
///
/// Members that nobody asks for are ignored, so that a newer peer may add some. A member that is `null` counts as
/// absent.
public struct JSONMembers: Sendable {
    private let object: JSONObject
    private let path: String

    private init(_ object: JSONObject, path: String) {
        self.object = object
        self.path = path
    }

    /// - Throws: ``ProtocolError/Code/malformedJSON`` where it is not an object.
    public init(_ value: JSONValue) throws(ProtocolError) {
        guard case .object(let object) = value else {
            throw ProtocolError(.malformedJSON, "The JSON text has to be an object.")
        }
        self.init(object, path: "")
    }

    /// Reads JSON text whose top is an object.
    ///
    /// - Throws: ``ProtocolError/Code/malformedJSON`` or ``ProtocolError/Code/tooLarge``.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(ProtocolError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, limits: limits)
        } catch {
            throw ProtocolError(error.code == .tooLarge ? .tooLarge : .malformedJSON, error.message)
        }
        try self.init(value)
    }

    /// The names of the members, in order.
    public var names: [String] { object.members.map(\.name) }

    /// The members of other names.
    func others(than names: Set<String>) -> JSONObject {
        var others = JSONObject()
        for member in object.members where !names.contains(member.name) { others[member.name] = member.value }
        return others
    }

    /// Refuses members of other names: for a request in which one that is ignored would leave undone what was asked for.
    ///
    /// - Throws: ``ProtocolError/Code/unknownMember``, which says what there is.
    public func allow(_ names: String...) throws(ProtocolError) {
        guard let other = self.names.first(where: { !names.contains($0) }) else { return }
        // Anything may be sent as a name; what looks like one is told.
        let isName = other.utf8.count <= 32 && other.allSatisfy { $0.isASCII && $0.isLetter }
        throw ProtocolError(
            .unknownMember, name: isName ? path + other : nil,
            "\(isName ? "The member \(path)\(other)" : "A member") is not known here; known are: "
                + "\(names.joined(separator: ", ")).")
    }

    // MARK: Members that have to be there

    public func string(_ name: String) throws(ProtocolError) -> String {
        try required(name, string(ifPresent: name))
    }

    public func bool(_ name: String) throws(ProtocolError) -> Bool {
        try required(name, bool(ifPresent: name))
    }

    public func integer(_ name: String) throws(ProtocolError) -> Int64 {
        try required(name, integer(ifPresent: name))
    }

    public func strings(_ name: String) throws(ProtocolError) -> [String] {
        try required(name, strings(ifPresent: name))
    }

    /// A date and time as RFC 3339 writes it.
    public func timestamp(_ name: String) throws(ProtocolError) -> Timestamp {
        try required(name, timestamp(ifPresent: name))
    }

    /// A duration such as `5s`, `30m`, `7d`.
    public func duration(_ name: String) throws(ProtocolError) -> Duration {
        try required(name, duration(ifPresent: name))
    }

    /// A version 7 UUID.
    public func identifier<Kind>(
        _ name: String, of kind: Identifier<Kind>.Type = Identifier<Kind>.self
    ) throws(ProtocolError) -> Identifier<Kind> {
        try required(name, read(name, "a version 7 UUID") { $0.string.flatMap { Identifier($0) } })
    }

    public func members(_ name: String) throws(ProtocolError) -> JSONMembers {
        try required(name, members(ifPresent: name))
    }

    // MARK: Members that may be absent

    public func string(ifPresent name: String) throws(ProtocolError) -> String? {
        try read(name, "a string", \.string)
    }

    public func bool(ifPresent name: String) throws(ProtocolError) -> Bool? {
        try read(name, "true or false", \.bool)
    }

    public func integer(ifPresent name: String) throws(ProtocolError) -> Int64? {
        try read(name, "a whole number", \.integer)
    }

    public func strings(ifPresent name: String) throws(ProtocolError) -> [String]? {
        try read(name, "an array of strings", \.strings)
    }

    /// A date and time as RFC 3339 writes it.
    public func timestamp(ifPresent name: String) throws(ProtocolError) -> Timestamp? {
        try read(name, "a date and time such as 2026-01-01T12:30:00Z") {
            $0.string.flatMap { Timestamp(rfc3339: $0) }
        }
    }

    /// A duration such as `5s`, `30m`, `7d`.
    public func duration(ifPresent name: String) throws(ProtocolError) -> Duration? {
        try read(name, "a duration such as 5s, 30m or 7d") { $0.string.flatMap { Duration(text: $0) } }
    }

    public func members(ifPresent name: String) throws(ProtocolError) -> JSONMembers? {
        try read(name, "an object", \.object).map { JSONMembers($0, path: path + name + ".") }
    }

    /// An array of objects.
    public func list(ifPresent name: String) throws(ProtocolError) -> [JSONMembers]? {
        try read(name, "an array of objects") { value in
            guard let array = value.array else { return nil }
            let objects = array.compactMap(\.object)
            guard objects.count == array.count else { return nil }
            return objects.enumerated().map { JSONMembers($1, path: "\(path)\(name)[\($0)].") }
        }
    }

    // MARK: Reading

    /// Reads a member in a way of the caller's own.
    ///
    /// - Parameters:
    ///   - expected: what would be right, for the error: `a string`.
    ///   - convert: gives nil for a value that is not right.
    /// - Returns: nil where there is no such member.
    /// - Throws: ``ProtocolError/Code/invalidMember``.
    public func read<Value>(
        _ name: String, _ expected: String, _ convert: (JSONValue) -> Value?
    ) throws(ProtocolError) -> Value? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let converted = convert(value) else {
            throw ProtocolError(.invalidMember, name: path + name, "The member \(path)\(name) has to be \(expected).")
        }
        return converted
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(ProtocolError) -> Value {
        guard let value else {
            throw ProtocolError(.missingMember, name: path + name, "The member \(path)\(name) is missing.")
        }
        return value
    }
}

extension JSONMembers: CustomStringConvertible, CustomReflectable {
    /// The names only: values may be secrets.
    public var description: String { "JSONMembers(\(names.joined(separator: ", ")))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
