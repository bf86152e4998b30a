import HTTPTypes
import Hummingbird
import MartletCore
import NIOCore

extension Response {
    /// An answer of these bytes.
    init(
        _ status: HTTPResponse.Status = .ok, bytes: [UInt8], type: String = "application/json",
        headers: HTTPFields = [:]
    ) {
        var headers = headers
        headers[.contentType] = type
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer that carries a token or tells of an account: no cache may keep it (RFC 6749 §5.1).
    static func uncached(
        _ status: HTTPResponse.Status = .ok, bytes: [UInt8], type: String = "application/json"
    ) -> Response {
        Response(status, bytes: bytes, type: type, headers: [.cacheControl: "no-store"])
    }

    static var noContent: Response {
        Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    /// A document that is served as it stands, or 304 where the requester has it (RFC 9110 §13.1.2).
    static func published(_ document: PublishedDocument, type: String, maxAge: Int, for request: Request) -> Response {
        published(document, type: type, for: request, cacheControl: "public, max-age=\(maxAge)")
    }

    /// For what lies at a URL that names its very content (RFC 8246).
    static var immutable: String { "public, max-age=31536000, immutable" }

    static func published(
        _ document: PublishedDocument, type: String, for request: Request, cacheControl: String
    ) -> Response {
        let headers: HTTPFields = [
            .eTag: document.entityTag, .cacheControl: cacheControl,
            .accessControlAllowOrigin: "*",
        ]
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map { String($0.trimmed) }
        // The weak comparison (RFC 9110 §13.1.2).
        if !Set(known).isDisjoint(with: ["*", document.entityTag, "W/" + document.entityTag]) {
            return Response(status: .notModified, headers: headers)
        }
        return Response(bytes: document.bytes, type: type, headers: headers)
    }
}
