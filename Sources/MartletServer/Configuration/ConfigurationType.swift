import MartletCore
import MartletProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How the text of a key becomes a value, and back.
struct ConfigurationType<Value: Sendable>: Sendable {
    /// What a value has to be: completes "has to be …".
    let expectation: String
    /// Whether a value is several texts.
    var isList = false
    let read: @Sendable ([String]) throws(ConfigurationMismatch) -> Value
    /// The texts that read as the value; empty where there is none.
    let write: @Sendable (Value) -> [String]
}

/// A text that is not of its key's type.
struct ConfigurationMismatch: Error {
    /// Which of the texts.
    let index: Int
    /// What would mend this one, where that can be told.
    var hint: String?
}

extension ConfigurationType {
    private init(
        _ expectation: String, read: @escaping @Sendable (String) -> Value?,
        write: @escaping @Sendable (Value) -> String
    ) {
        self.init(
            expectation: expectation,
            read: { texts throws(ConfigurationMismatch) in
                guard texts.count == 1, let value = read(texts[0]) else { throw ConfigurationMismatch(index: 0) }
                return value
            },
            write: { [write($0)] }
        )
    }

    /// The same type for a key that may have no value.
    var optional: ConfigurationType<Value?> {
        .init(
            expectation: expectation, isList: isList,
            read: { texts throws(ConfigurationMismatch) in try read(texts) },
            write: { $0.map(write) ?? [] }
        )
    }
}

extension ConfigurationType<Bool> {
    static let flag = Self("true or false", read: Bool.init(_:), write: { String($0) })
}

extension ConfigurationType<String> {
    static let path = Self(
        "a path", read: { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 }, write: { $0 }
    )

    /// An issuer as RFC 8414 §2 has it, and as RFC 9068 compares it: byte for byte. So there is one way to write it:
    /// no path, no trailing slash.
    static let issuer = Self(
        expectation: "an https URL of scheme, host and port only, such as https://auth.example.com",
        read: { texts throws(ConfigurationMismatch) in
            guard texts.count == 1 else { throw ConfigurationMismatch(index: 0) }
            guard !isIssuer(texts[0]) else { return texts[0] }
            let isSlashed = texts[0].hasSuffix("/") && isIssuer(String(texts[0].dropLast()))
            throw ConfigurationMismatch(index: 0, hint: isSlashed ? "Leave out the slash at its end." : nil)
        },
        write: { [$0] }
    )

    private static func isIssuer(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let authority = text.dropFirst(scheme.count)
        let hasPort = authority.contains(":") && !authority.hasSuffix("]")
        return ListenAddress(text: hasPort ? String(authority) : "\(authority):443") != nil
            && authority == authority.lowercased()
    }
}

extension ConfigurationType<Int> {
    static func number(_ range: ClosedRange<Int>) -> Self {
        Self(
            "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }, write: { String($0) }
        )
    }

    /// - Parameter range: in bytes.
    static func size(_ range: ClosedRange<Int>, example: String) -> Self {
        Self(
            "a size from \(ByteCount.write(range.lowerBound)) to \(ByteCount.write(range.upperBound)), such as \(example)",
            read: { text in ByteCount.read(text).flatMap { range.contains($0) ? $0 : nil } }, write: ByteCount.write
        )
    }
}

extension ConfigurationType<Duration> {
    static func duration(_ range: ClosedRange<Duration>, example: String) -> Self {
        Self(
            "a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as \(example)",
            read: { text in Duration(text: text).flatMap { range.contains($0) ? $0 : nil } }, write: { $0.text }
        )
    }
}

extension ConfigurationType<RateLimit> {
    static let rateLimit = Self(
        "how many at once and how long until one more, such as 10+1/5m; at most 1000000, and 1ms to 1d",
        read: RateLimit.init(text:), write: { $0.text }
    )
}

extension ConfigurationType where Value: RawRepresentable & Hashable, Value.RawValue == String {
    /// - Parameter note: what else there is to say, in parentheses.
    static func choice(of values: [Value], note: String? = nil) -> Self {
        let names = values.map(\.rawValue)
        return Self(
            names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
                + (note.map { " (\($0))" } ?? ""),
            read: { text in values.first { $0.rawValue == text } }, write: { $0.rawValue }
        )
    }
}

extension ConfigurationType<ListenAddress> {
    static let address = Self(
        "HOST:PORT, such as localhost:8443, 0.0.0.0:443 or [::1]:8443", read: ListenAddress.init(text:),
        write: { $0.description }
    )
}

extension ConfigurationType<ListenAddress?> {
    /// Nothing, where that is said outright.
    static let addressOrNone = Self(
        expectation: "HOST:PORT, such as 127.0.0.1:9464, or \"\" for none",
        read: { texts throws(ConfigurationMismatch) in
            guard texts.count == 1 else { throw ConfigurationMismatch(index: 0) }
            if texts[0].isEmpty { return nil }
            guard let address = ListenAddress(text: texts[0]) else { throw ConfigurationMismatch(index: 0) }
            return address
        },
        write: { [$0?.description ?? ""] }
    )
}

extension ConfigurationType<[AddressRange]> {
    static let addressRanges = Self(
        expectation: "a list of addresses or CIDR ranges, such as [10.0.0.0/8, ::1]", isList: true,
        read: { texts throws(ConfigurationMismatch) in
            var ranges: [AddressRange] = []
            for (index, text) in texts.enumerated() {
                guard let range = AddressRange(text: text) else { throw ConfigurationMismatch(index: index) }
                ranges.append(range)
            }
            return ranges
        },
        write: { $0.map(\.description) }
    )
}

extension ConfigurationType<[WebOrigin]> {
    static let origins = Self(
        expectation: "a list of origins as browsers send them, such as [https://app.example.com]", isList: true,
        read: { texts throws(ConfigurationMismatch) in
            var origins: [WebOrigin] = []
            for (index, text) in texts.enumerated() {
                guard let origin = WebOrigin(text) else {
                    let isSlashed = text.hasSuffix("/") && WebOrigin(String(text.dropLast())) != nil
                    throw ConfigurationMismatch(index: index, hint: isSlashed ? "Leave out the slash at its end." : nil)
                }
                origins.append(origin)
            }
            return origins
        },
        write: { $0.map(\.text) }
    )
}

extension ConfigurationType<MasterKey> {
    static let masterKey = Self(
        "the base64 of 32 bytes, such as `openssl rand -base64 32` prints",
        read: { text in Data(base64Encoded: text).flatMap { MasterKey(bytes: $0) } }, write: { $0.description }
    )
}
