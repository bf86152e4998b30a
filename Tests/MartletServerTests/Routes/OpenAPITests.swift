import Foundation
import HTTPTypes
import MartletProtocol
import Testing

@testable import MartletServer

/// The documents are held against the code. `API` holds every answer that a test gets against the schemas.
struct OpenAPITests {
    @Test func describesEveryRouteAndNoOther() async throws {
        let served = try await ServedAuthority()
        let routes = AuthorityRoutes<AuthorityRequestContext>(authority: served.authority).all()
        let operations = routes.map { "\($0.method) \($0.path)" }
        #expect(operations.sorted() == OpenAPIDescription.shared.operations.sorted())
        #expect(Set(operations).count == routes.count)
    }

    /// The checker itself: a wrong answer does not pass.
    @Test(arguments: [
        (401, "application/problem+json", #"{"type":"t","title":"t","status":401,"code":"c","next":"none"}"#, true),
        (401, "application/problem+json", #"{"type":"t","title":"t","status":401,"code":"c","next":"else"}"#, false),
        (401, "application/problem+json", #"{"type":"t","title":"t","status":401,"code":"c"}"#, false),
        (401, "application/problem+json", #"{"type":1,"title":"t","status":401,"code":"c","next":"none"}"#, false),
        (401, "application/json", #"{"type":"t","title":"t","status":401,"code":"c","next":"none"}"#, false),
        (418, "application/problem+json", #"{"type":"t","title":"t","status":418,"code":"c","next":"none"}"#, false),
        (
            200, "application/json",
            #"{"id":"x","username":"a","roles":[],"createdAt":"2026-01-01T00:00:00Z","disabled":false}"#, false
        ),
        (200, "application/json", #"{"extra":1}"#, false),
    ])
    func theCheckerCanFail(status: Int, type: String, body: String, passes: Bool) {
        let answer = Answered(status: status, headers: [.contentType: type], body: Array(body.utf8))
        #expect(OpenAPIDescription.shared.faults(of: answer, to: .get, "/v1/me").isEmpty == passes)
    }

    /// The table of `docs/http.md` lists every problem code with its status and next step.
    @Test func theTableOfProblemsIsComplete() throws {
        var documented: [String: String] = [:]
        for line in try Self.text("docs/http.md").split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, let status = Int(cells[1].prefix(3)) else { continue }
            let retryAfter = cells[1].contains("Retry-After") ? " after" : ""
            for code in cells[0].matches(of: /`([a-z_]+)`/) {
                #expect(documented[String(code.output.1)] == nil)
                documented[String(code.output.1)] = "\(status) \(cells[2])\(retryAfter)"
            }
        }
        let codes = ProblemCode.all.map { code in
            // Nobody can say when a 500 passes, and a 408 need not wait.
            let isToBeTriedAgain = [.retry, .reload].contains(code.next) && ![408, 500].contains(code.status)
            return (code.rawValue, "\(code.status) \(code.next.rawValue)\(isToBeTriedAgain ? " after" : "")")
        }
        #expect(documented == Dictionary(uniqueKeysWithValues: codes))
    }

    @Test func theListOfReasonsIsComplete() throws {
        let text = try Self.text("docs/http.md")
        let start = try #require(text.range(of: "Reasons: "))
        let list = text[start.upperBound...].prefix { $0 != "." }
        let documented = list.matches(of: /`([a-z_]+)`/).map { String($0.output.1) }
        let reasons: [EndReason] = [
            .signedOut, .signedOutElsewhere, .revokedByAdmin, .expiredIdle, .expiredAbsolute, .replayDetected,
            .staleRepeat, .passwordChanged, .userDisabled, .userRemoved, .clientRemoved, .restoredStorage,
            .suspiciousActivity, .passwordChangeRequired,
        ]
        #expect(documented == reasons.map(\.rawValue))
    }

    private static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}
