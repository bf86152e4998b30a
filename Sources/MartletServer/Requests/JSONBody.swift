import HTTPTypes
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
        try headers.checkJSON()
        return try await body.bytes(upTo: limit)
    }
}

extension HTTPFields {
    /// - Throws: `unsupportedMediaType` where they do not say that the body is JSON.
    func checkJSON() throws(AuthorityError) {
        guard MediaTypeField(self[.contentType])?.isJSON == true else {
            throw AuthorityError(.unsupportedMediaType, message: "Send the body as application/json.")
        }
    }
}

extension AuthorityError {
    static func bodyTooLarge(limit: Int) -> AuthorityError {
        AuthorityError(.tooLarge, message: "The body may have at most \(limit) bytes.")
    }
}

extension RequestBody {
    /// The whole body.
    ///
    /// - Throws: `tooLarge` where there is more of it than `limit` bytes.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in self {
            guard bytes.count + part.readableBytes <= limit else { throw AuthorityError.bodyTooLarge(limit: limit) }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }
}
