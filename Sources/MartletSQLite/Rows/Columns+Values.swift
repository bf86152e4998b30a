import Foundation
import GRDB
import MartletCore
import MartletJOSE
import MartletProtocol

extension Identifier {
    /// The 16 bytes, big-endian, so that SQLite sorts as Swift does.
    var data: Data { Data(high: uuid.high, low: uuid.low) }
}

extension RefreshTokenTag {
    var data: Data { Data(high: high, low: low) }
}

extension Data {
    /// What no identifier that was made at the time, or later, is less than. Times before 1970 count as 1970.
    init(earliestIdentifierAt time: Timestamp) {
        self.init(high: UInt64(clamping: time.milliseconds) << 16, low: 0)
    }

    fileprivate init(high: UInt64, low: UInt64) {
        self = unsafe Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe Data($0) }
    }
}

extension Columns {
    func identifier<Kind>(at index: Int) throws -> Identifier<Kind> {
        let halves = try halves(at: index)
        guard let uuid = UUIDv7(high: halves.high, low: halves.low) else { throw StorageError.malformed("identifier") }
        return Identifier(uuid)
    }

    func optionalIdentifier<Kind>(at index: Int) throws -> Identifier<Kind>? {
        isNull(at: index) ? nil : try identifier(at: index)
    }

    func tag(at index: Int) throws -> RefreshTokenTag {
        let halves = try halves(at: index)
        return RefreshTokenTag(high: halves.high, low: halves.low)
    }

    func optionalTag(at index: Int) throws -> RefreshTokenTag? {
        isNull(at: index) ? nil : try tag(at: index)
    }

    func optionalInteger(at index: Int) throws -> Int64? {
        isNull(at: index) ? nil : try integer(at: index)
    }

    func generation(at index: Int) throws -> UInt32 {
        guard let generation = UInt32(exactly: try integer(at: index)) else {
            throw StorageError.malformed("generation")
        }
        return generation
    }

    func timestamp(at index: Int) throws -> Timestamp {
        Timestamp(milliseconds: try integer(at: index))
    }

    func optionalTimestamp(at index: Int) throws -> Timestamp? {
        try optionalInteger(at: index).map(Timestamp.init(milliseconds:))
    }

    func duration(at index: Int) throws -> Duration {
        .milliseconds(try integer(at: index))
    }

    func optionalDuration(at index: Int) throws -> Duration? {
        isNull(at: index) ? nil : try duration(at: index)
    }

    func optionalText(at index: Int) throws -> String? {
        isNull(at: index) ? nil : try text(at: index)
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

    func object(at index: Int) throws -> JSONObject {
        let text = try text(at: index)
        if text == "{}" { return [:] }
        guard let object = try? JSONValue(parsing: Array(text.utf8)).object else {
            throw StorageError.malformed("object")
        }
        return object
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
