import MartletProtocol
import Testing

struct ProblemCodeTests {
    /// The table of the wire: these names and numbers are what clients are written against.
    static let table: [(String, Int, String)] = [
        ("malformed_request", 400, "none"), ("unsupported_media_type", 415, "none"), ("too_large", 413, "none"),
        ("headers_too_large", 431, "none"), ("request_timeout", 408, "retry"),
        ("not_found", 404, "none"), ("method_not_allowed", 405, "none"), ("invalid_credentials", 401, "none"),
        ("token_missing", 401, "sign_in"), ("token_invalid", 401, "sign_in"), ("token_expired", 401, "refresh"),
        ("token_revoked", 401, "sign_in"), ("insufficient_scope", 403, "none"), ("origin_refused", 403, "none"),
        ("session_ended", 401, "sign_in"), ("refresh_token_invalid", 401, "sign_in"),
        ("client_mismatch", 401, "sign_in"), ("token_superseded", 409, "reload"),
        ("password_change_required", 403, "step_up"), ("conflict", 409, "none"), ("forbidden", 403, "none"),
        ("rate_limited", 429, "retry"), ("internal_error", 500, "retry"), ("storage_unavailable", 503, "retry"),
        ("overloaded", 503, "retry"), ("keys_unavailable", 503, "retry"),
        ("revocations_unavailable", 503, "retry"),
    ]

    @Test(arguments: table) func isAsTheWireHasIt(name: String, status: Int, next: String) throws {
        let code = try #require(ProblemCode(rawValue: name))
        #expect(code.rawValue == name)
        #expect(code.status == status)
        #expect(code.next == NextStep(rawValue: next))
        #expect(!code.title.isEmpty)
    }

    @Test func noneIsMissingOrThereTwice() {
        #expect(ProblemCode.all.map(\.rawValue).sorted() == Self.table.map(\.0).sorted())
        #expect(Set(ProblemCode.all.map(\.rawValue)).count == ProblemCode.all.count)
        #expect(Set(ProblemCode.all.map(\.title)).count == ProblemCode.all.count)
        #expect(ProblemCode(rawValue: "no_such_code") == nil)
    }

    @Test func nextStepsAreAsTheWireHasThem() {
        #expect(NextStep.allCases.map(\.rawValue) == ["retry", "refresh", "reload", "sign_in", "step_up", "none"])
    }

    @Test(arguments: [
        (EndReason.signedOut, "signed_out"), (.signedOutElsewhere, "signed_out_elsewhere"),
        (.revokedByAdmin, "revoked_by_admin"), (.expiredIdle, "expired_idle"), (.expiredAbsolute, "expired_absolute"),
        (.replayDetected, "replay_detected"), (.staleRepeat, "stale_repeat"), (.passwordChanged, "password_changed"),
        (.userDisabled, "user_disabled"), (.userRemoved, "user_removed"), (.clientRemoved, "client_removed"),
        (.restoredStorage, "restored_storage"), (.suspiciousActivity, "suspicious_activity"),
        (.passwordChangeRequired, "password_change_required"),
    ])
    func reasonsAreAsTheWireHasThem(reason: EndReason, name: String) {
        #expect(reason.rawValue == name)
        #expect(reason == EndReason(rawValue: name))
        #expect(reason.explanation.hasSuffix("."))
        #expect(reason.explanation != EndReason(rawValue: "of a newer server").explanation)
    }
}
