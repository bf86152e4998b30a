import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol
import NIOCore

/// The members of a JSON request body, with errors that say which member is wrong and what would be right.
struct JSONBody: Sendable {
    private let members: JSONObject

    /// Reads the body: `application/json`, one object, within the limit.
    ///
    /// - Throws: `unsupportedMediaType`, `tooLarge` or `malformedRequest`.
    init(_ request: Request, limit: Int) async throws {
        guard MediaTypeField(request.headers[.contentType])?.isJSON == true else {
            throw AuthorityError(.unsupportedMediaType, message: "send the body as application/json")
        }
        let bytes = try await request.body.bytes(upTo: limit)
        do throws(JOSEError) {
            guard let members = try JSONValue(parsing: bytes).object else {
                throw AuthorityError.malformed("the body has to be one JSON object")
            }
            self.members = members
        } catch {
            throw AuthorityError.malformed("the body is not the JSON that is accepted here: \(error.message)")
        }
    }

    /// A member that has to be there and a string.
    func string(_ name: String) throws(AuthorityError) -> String {
        guard let value = try optionalString(name) else { throw .malformed("the member `\(name)` is missing") }
        return value
    }

    /// A member that is a string where it is there; null counts as not there.
    func optionalString(_ name: String) throws(AuthorityError) -> String? {
        switch members[name] {
        case nil, .null?: return nil
        case .string(let value)?: return value
        default: throw .malformed("the member `\(name)` has to be a string")
        }
    }
}

/// A `Content-Type` as far as it is acted on: its type, and that its charset, where one is given, is UTF-8.
struct MediaTypeField {
    private let type: String

    init?(_ field: String?) {
        guard let field else { return nil }
        let parts = field.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmedOfSpaces.lowercased() }
        guard let type = parts.first, !type.isEmpty else { return nil }
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            guard ["charset=utf-8", "charset=\"utf-8\""].contains(parameter) else { return nil }
        }
        self.type = type
    }

    var isJSON: Bool { type == "application/json" }
    var isForm: Bool { type == "application/x-www-form-urlencoded" }
}

extension StringProtocol {
    var trimmedOfSpaces: String {
        var slice = self[...]
        while let first = slice.first, first == " " || first == "\t" { slice = slice.dropFirst() }
        while let last = slice.last, last == " " || last == "\t" { slice = slice.dropLast() }
        return String(slice)
    }
}

extension RequestBody {
    /// The whole body.
    ///
    /// - Throws: `tooLarge` where there is more of it than `limit` bytes.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in self {
            guard bytes.count + part.readableBytes <= limit else {
                throw AuthorityError(.tooLarge, message: "the body may have at most \(limit) bytes")
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }
}
