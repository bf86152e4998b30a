import MartletJOSE

/// The parameters of an `application/x-www-form-urlencoded` body or of a query, read strictly.
///
/// Each name occurs once (RFC 6749 §3.1). A parameter that is sent without a value counts as not sent (the same
/// section). Prints its names only.
public struct FormParameters: Sendable, Hashable {
    /// Names and values in order, those without a value too.
    private let pairs: [Pair]

    private struct Pair: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// Reads a body, or what follows the `?` of a request's target.
    ///
    /// - Parameters:
    ///   - bytes: the encoded text: ASCII, `+` for a space, `%XX` for other bytes of UTF-8.
    ///   - maximumBytes: the largest text.
    ///   - maximumCount: how many parameters there may be.
    /// - Throws: ``ProtocolError/Code/malformedForm``, ``ProtocolError/Code/duplicateParameter`` naming it, or
    ///   ``ProtocolError/Code/tooLarge``.
    public init(
        parsing bytes: some Collection<UInt8>, maximumBytes: Int = 65_536, maximumCount: Int = 64
    ) throws(ProtocolError) {
        guard bytes.count <= maximumBytes else {
            throw ProtocolError(.tooLarge, "The form may have at most \(maximumBytes) bytes.")
        }
        var pairs: [Pair] = []
        for field in bytes.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < maximumCount else {
                throw ProtocolError(.tooLarge, "The form may have at most \(maximumCount) parameters.")
            }
            let nameEnd = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            let name = try Self.decode(field[..<nameEnd], of: "the name of parameter \(pairs.count + 1)")
            guard !name.isEmpty else {
                throw ProtocolError(.malformedForm, "Parameter \(pairs.count + 1) has no name before the =.")
            }
            // The errors below repeat the name, so it may not be just anything.
            guard name.utf8.count <= 64 else {
                throw ProtocolError(.tooLarge, "The name of parameter \(pairs.count + 1) has more than 64 bytes.")
            }
            guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw ProtocolError(
                    .malformedForm, "The name of parameter \(pairs.count + 1) has a control character in it.")
            }
            let encodedValue = nameEnd == field.endIndex ? field[nameEnd...] : field[field.index(after: nameEnd)...]
            let value = try Self.decode(encodedValue, of: "the parameter \(name)")
            guard !value.utf8.contains(0) else {
                throw ProtocolError(.malformedForm, name: name, "The parameter \(name) has a NUL character in it.")
            }
            guard !pairs.contains(where: { $0.name == name }) else {
                throw ProtocolError(.duplicateParameter, name: name, "The parameter \(name) occurs more than once.")
            }
            pairs.append(Pair(name: name, value: value))
        }
        self.pairs = pairs
    }

    /// The names, in order, of the parameters that have a value.
    public var names: [String] { pairs.filter { !$0.value.isEmpty }.map(\.name) }

    /// The value of a parameter; nil where it was not sent, or without a value.
    public subscript(name: String) -> String? {
        // Code point by code point: Swift's == takes canonically equivalent names for the same.
        pairs.first { $0.name.utf8.elementsEqual(name.utf8) && !$0.value.isEmpty }?.value
    }

    /// The value of a parameter that has to be there.
    ///
    /// - Throws: ``ProtocolError/Code/missingParameter``.
    public func required(_ name: String) throws(ProtocolError) -> String {
        guard let value = self[name] else {
            throw ProtocolError(.missingParameter, name: name, "The parameter \(name) is missing.")
        }
        return value
    }

    /// Decodes one name or value.
    ///
    /// - Throws: ``ProtocolError/Code/malformedForm``.
    package static func decode(_ text: some Collection<UInt8>, of what: String) throws(ProtocolError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexadecimalDigit),
                    let low = rest.popFirst().flatMap(hexadecimalDigit)
                else {
                    throw ProtocolError(
                        .malformedForm, "In \(what) a % is not followed by two hexadecimal digits.")
                }
                bytes.append(high << 4 | low)
            case 0x21...0x7E:
                bytes.append(byte)
            default:
                throw ProtocolError(
                    .malformedForm, "In \(what) there is a byte that has to be percent-encoded, as %XX.")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ProtocolError(.malformedForm, "In \(what) the percent-encoded bytes are not UTF-8.")
        }
        guard text.hasFewCombiningMarks else {
            throw ProtocolError(
                .malformedForm, "In \(what) more than \(String.mostCombiningMarks) combining marks follow one another.")
        }
        return text
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

extension FormParameters: CustomStringConvertible, CustomReflectable {
    public var description: String { "FormParameters(\(names.joined(separator: ", ")))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
