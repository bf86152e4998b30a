import Foundation
import GRDB
import MartletCore
import MartletProtocol

extension Identifier {
    /// The 16 bytes, big-endian, so that SQLite sorts as Swift does.
    var data: Data { Data(high: uuid.high, low: uuid.low) }
}

extension RefreshTokenTag {
    var data: Data { Data(high: high, low: low) }
}

extension Data {
    fileprivate init(high: UInt64, low: UInt64) {
        self = unsafe Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe Data($0) }
    }

    /// The halves of 16 bytes; nil for another length.
    fileprivate var halves: (high: UInt64, low: UInt64)? {
        guard count == 16 else { return nil }
        return unsafe withUnsafeBytes { bytes in
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}

extension Row {
    func identifier<Kind>(at index: Int) throws -> Identifier<Kind> {
        guard let halves = try decode(Data.self, atIndex: index).halves,
            let uuid = UUIDv7(high: halves.high, low: halves.low)
        else { throw StorageError.malformed("identifier") }
        return Identifier(uuid)
    }

    func optionalIdentifier<Kind>(at index: Int) throws -> Identifier<Kind>? {
        hasNull(atIndex: index) ? nil : try identifier(at: index)
    }

    func tag(at index: Int) throws -> RefreshTokenTag {
        guard let halves = try decode(Data.self, atIndex: index).halves else { throw StorageError.malformed("tag") }
        return RefreshTokenTag(high: halves.high, low: halves.low)
    }

    func optionalTag(at index: Int) throws -> RefreshTokenTag? {
        hasNull(atIndex: index) ? nil : try tag(at: index)
    }

    func bytes(at index: Int) throws -> [UInt8] {
        Array(try decode(Data.self, atIndex: index))
    }

    func timestamp(at index: Int) throws -> Timestamp {
        Timestamp(milliseconds: try decode(Int64.self, atIndex: index))
    }

    func optionalTimestamp(at index: Int) throws -> Timestamp? {
        try decode(Int64?.self, atIndex: index).map(Timestamp.init(milliseconds:))
    }

    func optionalDuration(at index: Int) throws -> Duration? {
        try decode(Int64?.self, atIndex: index).map { .milliseconds($0) }
    }

    func text(at index: Int) throws -> String {
        try decode(String.self, atIndex: index)
    }

    func optionalText(at index: Int) throws -> String? {
        try decode(String?.self, atIndex: index)
    }

    /// A list of texts, stored as a JSON array.
    func texts(at index: Int) throws -> [String] {
        let text = try text(at: index)
        if text == "[]" { return [] }
        guard let texts = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
            throw StorageError.malformed("list")
        }
        return texts
    }
}

extension [String] {
    /// The texts as a JSON array.
    var json: String {
        get throws {
            isEmpty ? "[]" : String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        }
    }
}
