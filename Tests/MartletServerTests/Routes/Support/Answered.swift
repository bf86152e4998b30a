import HTTPTypes
import MartletJOSE
import MartletProtocol

@testable import MartletServer

/// An answer as it came.
struct Answered: Sendable {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }

    /// What it says, in one line: `200`, `401 session_ended sign_in signed_out`, `503 overloaded retry after 1`.
    var outcome: String {
        guard let json = try? json, let code = (json["code"] ?? json["error"])?.string else { return String(status) }
        let parts = [String(status), code, json["next"]?.string, json["reason"]?.string]
        let retryAfter = headers[.retryAfter].map { " after \($0)" } ?? ""
        return parts.compactMap { $0 }.joined(separator: " ") + retryAfter
    }

    /// The words of an error.
    var detail: String {
        let json = try? json
        return (json?["detail"] ?? json?["error_description"])?.string ?? ""
    }

    /// What goes for every answer, whatever it is to.
    func faults(_ method: HTTPRequest.Method, _ path: String) -> [String] {
        var faults: [String] = []
        let isPublished = headers[.eTag] != nil
        if !isPublished, headers[.cacheControl] != "no-store" { faults.append("it may be cached") }
        if method == .head, !body.isEmpty { faults.append("it has content") }
        if headers[.xContentTypeOptions] != "nosniff" { faults.append("it lacks X-Content-Type-Options") }
        if headers[.xRequestID]?.count != 16 { faults.append("it lacks X-Request-Id") }
        guard status >= 400, method != .head, !path.hasPrefix("/health/") else { return faults }

        if body.count > 1_024 { faults.append("an error of \(body.count) bytes") }
        if detail.isEmpty { faults.append("it does not say what would be right") }
        guard let json = try? json else { return faults + ["it is no JSON"] }
        let isToBeTriedAgain = ["retry", "reload"].contains(json["next"]?.string)
        if isToBeTriedAgain != (headers[.retryAfter] != nil) { faults.append("Retry-After and next do not agree") }
        let challenge = headers[.wwwAuthenticate]
        if let code = json["code"]?.string {
            if json["type"]?.string != "urn:martlet:problem:\(code)" || json["status"]?.integer != Int64(status) {
                faults.append("its members do not agree")
            }
            if ProblemCode(rawValue: code)?.status != status { faults.append("the code has another status") }
            if code.hasPrefix("token_"), status == 401, challenge?.hasPrefix("Bearer") != true {
                faults.append("it does not ask for a bearer token")
            }
        } else if json["error"]?.string == "invalid_client", challenge?.hasPrefix("Basic realm=") != true {
            faults.append("it does not ask for Basic")
        }
        return faults
    }
}
