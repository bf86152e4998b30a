/// A JSON object: members with unique names, in the order in which they were written.
///
/// Two objects are equal when they have the same members, in whatever order.
public struct JSONObject: Sendable {
    /// A name and its value.
    public struct Member: Hashable, Sendable {
        public let name: String
        public fileprivate(set) var value: JSONValue
    }

    /// The members, in order.
    public private(set) var members: [Member] = []

    /// Where each name is, once there are too many members to look at each.
    private var index: [String: Int] = [:]

    private static let largestUnindexedCount = 16

    /// An object without members.
    public init() {}

    public var isEmpty: Bool { self.members.isEmpty }

    public var count: Int { self.members.count }

    /// The value of the member with this name. Setting `nil` removes the member.
    public subscript(name: String) -> JSONValue? {
        get {
            guard let position = self.position(of: name), self.members[position].name.isIdentical(to: name) else {
                return nil
            }
            return self.members[position].value
        }
        set {
            switch (self.position(of: name), newValue) {
            case (let position?, let value?):
                self.members[position].value = value
            case (let position?, nil):
                self.members.remove(at: position)
                self.reindex()
            case (nil, let value?):
                self.append(name, value)
            case (nil, nil):
                break
            }
        }
    }

    /// Adds a member.
    ///
    /// - Returns: `false`, and leaves the object as it is, if there is a member of this name. Names that Unicode holds
    ///   canonically equivalent count as one, so that no two readers can see different members behind a name.
    @discardableResult
    mutating func append(_ name: String, _ value: JSONValue) -> Bool {
        guard self.position(of: name) == nil else {
            return false
        }
        self.members.append(Member(name: name, value: value))
        if self.members.count == Self.largestUnindexedCount + 1 {
            self.reindex()
        } else if self.members.count > Self.largestUnindexedCount {
            self.index[name] = self.members.count - 1
        }
        return true
    }

    private func position(of name: String) -> Int? {
        if self.members.count > Self.largestUnindexedCount {
            return self.index[name]
        }
        return self.members.firstIndex { $0.name == name }
    }

    private mutating func reindex() {
        self.index.removeAll()
        guard self.members.count > Self.largestUnindexedCount else {
            return
        }
        for (position, member) in self.members.enumerated() {
            self.index[member.name] = position
        }
    }
}

extension JSONObject: Hashable {
    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.count == rhs.count && lhs.members.allSatisfy { rhs[$0.name] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        // Members are unordered, so their hashes are combined in a way that knows no order.
        hasher.combine(self.members.reduce(into: 0) { $0 ^= $1.hashValue })
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object with these members.
    ///
    /// - Precondition: Each name occurs once.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements {
            let isUnique = self.append(name, value)
            precondition(isUnique, "a JSON object has each name once")
        }
    }
}
