import Hummingbird
import MartletCore
import MartletProtocol

extension FormParameters {
    /// Reads a form body (RFC 6749 Appendix B): the right content type, within the limit, no parameter twice.
    ///
    /// - Throws: `OAuthFailure` with `invalid_request`, which says what would be right.
    init(_ request: Request, limit: Int) async throws {
        guard MediaTypeField(request.headers[.contentType])?.isForm == true else {
            throw OAuthFailure(.invalidRequest, "send the parameters as application/x-www-form-urlencoded")
        }
        guard request.uri.query == nil else {
            throw OAuthFailure(.invalidRequest, "parameters belong in the body, not in the URL (RFC 6749 §2.3.1)")
        }
        let bytes: [UInt8]
        do {
            bytes = try await request.body.bytes(upTo: limit)
        } catch let error as AuthorityError where error.code == .tooLarge {
            throw OAuthFailure(.invalidRequest, error.message ?? "the body is too large", status: 413)
        }
        do throws(FormError) {
            try self.init(parsing: bytes)
        } catch {
            throw OAuthFailure(.invalidRequest, error.message)
        }
    }

    /// A parameter that has to be there. One without a value counts as left out (RFC 6749 §3.1).
    func required(_ name: String) throws(OAuthFailure) -> String {
        guard let value = self[name], !value.isEmpty else {
            throw OAuthFailure(.invalidRequest, "the parameter \(name) is missing")
        }
        return value
    }
}
