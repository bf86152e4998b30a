/// An e-mail address, and a name before it where there is one: `Martlet <auth@example.com>`.
public struct MailAddress: Sendable, Hashable {
    public var name: String?
    /// `auth@example.com`
    public var address: String

    /// - Returns: nil for anything else, also for what would have to be quoted before the `@`.
    public init?(text: String) {
        if text.hasSuffix(">"), let start = text.firstIndex(of: "<") {
            let name = String(text[..<start].trimmed)
            guard !name.unicodeScalars.contains(where: Self.breaksLines), name.utf8.count <= 128 else { return nil }
            self.name = name.isEmpty ? nil : name
            address = String(text[text.index(after: start)...].dropLast())
        } else {
            address = text
        }
        guard Self.isPlain(address) else { return nil }
    }

    /// Whether an address can be written into a header and a command as it is.
    static func isPlain(_ address: String) -> Bool {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, address.utf8.count <= 254 else { return false }
        return !address.unicodeScalars.contains { scalar in
            breaksLines(scalar) || scalar.properties.isWhitespace || "<>()[],;:\\\"".unicodeScalars.contains(scalar)
        }
    }

    /// `example.com`
    var domain: String { String(address.drop { $0 != "@" }.dropFirst()) }

    /// Whether a character could end a line of a header, or hide what follows.
    static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
        default: false
        }
    }
}

extension MailAddress: CustomStringConvertible {
    public var description: String { name.map { "\($0) <\(address)>" } ?? address }
}
