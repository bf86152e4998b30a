import Hummingbird
import MartletCore
import MartletProtocol

extension FormParameters {
    /// Reads a form body (RFC 6749 Appendix B): the right content type, within the limit, no parameter twice.
    ///
    /// - Throws: an `OAuthFailure` with `invalid_request`, which says what would be right.
    init(_ request: Request, limit: Int) async throws {
        guard MediaTypeField(request.headers[.contentType])?.isForm == true else {
            throw OAuthFailure(.invalidRequest, "Send the parameters as application/x-www-form-urlencoded.")
        }
        guard request.uri.query == nil else {
            throw OAuthFailure(.invalidRequest, "Parameters belong in the body, not in the URL (RFC 6749 §2.3.1).")
        }
        do {
            try self.init(parsing: await request.body.bytes(upTo: limit), maximumBytes: limit)
        } catch let error as ProtocolError {
            throw OAuthFailure(.invalidRequest, error.message)
        } catch let error as AuthorityError where error.code == .tooLarge {
            throw OAuthFailure(.invalidRequest, error.message, status: 413)
        }
    }

    /// A parameter that has to be there. One without a value counts as left out (RFC 6749 §3.1).
    func parameter(_ name: String) throws(OAuthFailure) -> String {
        do throws(ProtocolError) {
            return try required(name)
        } catch {
            throw OAuthFailure(.invalidRequest, error.message)
        }
    }
}
