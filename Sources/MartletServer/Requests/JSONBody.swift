import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol
import NIOCore

extension Request {
    /// The members of the body: `application/json`, one object, within the limit.
    ///
    /// - Throws: `unsupportedMediaType`, `tooLarge`, or a `ProtocolError` that says what would be right.
    func jsonMembers(limit: Int) async throws -> JSONMembers {
        try JSONMembers(parsing: await jsonBytes(limit: limit), limits: JSONLimits(maximumBytes: limit))
    }

    /// The body's bytes, which say of themselves that they are JSON.
    func jsonBytes(limit: Int) async throws -> [UInt8] {
        guard MediaTypeField(headers[.contentType])?.isJSON == true else {
            throw AuthorityError(.unsupportedMediaType, message: "Send the body as application/json.")
        }
        return try await body.bytes(upTo: limit)
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
                throw AuthorityError(.tooLarge, message: "The body may have at most \(limit) bytes.")
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }
}
