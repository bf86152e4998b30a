import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct InvitationTests {
    private let over = "The invitation was used, has expired, or is not complete; ask for another."

    private func signUp(
        _ engine: Engine, _ invitation: String?, as name: String = "ada", email: String? = nil,
        password: String = Engine.password
    ) async throws -> User {
        try await engine.authority.signUp(username: name, password: password, email: email, invitation: invitation)
    }

    @Test(arguments: [SignUpRule.invite, .open]) func anInvitationMakesOneAccount(rule: SignUpRule) async throws {
        let engine = try await Engine { $0.signUp = rule }
        let (invitation, secret) = try await engine.authority.invite(
            email: "ada@example.com", roles: ["editor", "admin", "editor"])
        #expect(invitation.expiresAt == engine.clock.now + .seconds(7 * 86_400))
        #expect(engine.events.last?.kind == .adminAction(.userInvited))
        #expect(try await engine.authority.invitation(secret) == invitation)
        let user = try await signUp(engine, secret.text)
        #expect(user.email == "ada@example.com")
        #expect(user.roles == ["editor", "admin"])
        #expect(engine.events.last?.kind == .signUp)
        #expect(engine.events.last?.user == user.id)
        _ = try await engine.signIn("ada")
        let again = try await refusal { _ = try await signUp(engine, secret.text, as: "eve") }
        #expect(again?.summary == .init(code: .forbidden))
        #expect(again?.message == over)
        #expect(try await engine.authority.invitation(secret) == nil)
        #expect(try await engine.authority.users(after: nil, limit: 10) == [user])
    }

    @Test func withoutAnAddressThePersonNamesOne() async throws {
        let engine = try await Engine { $0.signUp = .invite }
        let (_, secret) = try await engine.authority.invite()
        let user = try await signUp(engine, secret.text, email: "ada@example.org")
        #expect(user.email == "ada@example.org")
        #expect(user.roles.isEmpty)
    }

    @Test func itExpires() async throws {
        let engine = try await Engine { $0.signUp = .invite }
        let (_, secret) = try await engine.authority.invite(expiresIn: .seconds(60))
        engine.clock.advance(by: .milliseconds(59_999))
        #expect(try await engine.authority.invitation(secret) != nil)
        engine.clock.advance(by: .milliseconds(1))
        let error = try await refusal { _ = try await signUp(engine, secret.text) }
        #expect(error?.message == over)
    }

    /// What was typed wrong leaves the invitation as it is.
    @Test func onlyAnAccountUsesItUp() async throws {
        let engine = try await Engine { $0.signUp = .invite }
        try await engine.add("alice")
        let (_, secret) = try await engine.authority.invite(email: "ada@example.com")
        let wrong: [(String, String?, String, ProblemCode)] = [
            ("ALICE", nil, Engine.password, .conflict), ("ada", nil, "short", .malformedRequest),
            ("", nil, Engine.password, .malformedRequest),
            ("ada", "eve@example.com", Engine.password, .malformedRequest),
            ("ada", "nowhere", Engine.password, .malformedRequest),
        ]
        for (name, email, password, code) in wrong {
            let error = try await refusal {
                _ = try await signUp(engine, secret.text, as: name, email: email, password: password)
            }
            #expect(error?.summary == .init(code: code))
        }
        #expect(try await signUp(engine, secret.text, email: "ada@example.com").email == "ada@example.com")
    }

    @Test func nothingElseIsAnInvitation() async throws {
        let engine = try await Engine { $0.signUp = .invite }
        let (_, secret) = try await engine.authority.invite()
        for text in ["", "x", secret.text + "A", String(secret.text.dropLast()), PageCookie().text] {
            let error = try await refusal { _ = try await signUp(engine, text) }
            #expect(error?.summary == .init(code: .forbidden))
            #expect(error?.message == over)
        }
        let missing = try await refusal { _ = try await signUp(engine, nil) }
        #expect(missing?.summary == .init(code: .forbidden))
        #expect(missing?.message?.contains("by invitation") == true)
        let closed = try await engine.other()
        let error = try await refusal { _ = try await signUp(closed, secret.text) }
        #expect(error?.message == "Sign-up is closed; ask an administrator for an account.")
        #expect(try await engine.authority.users(after: nil, limit: 10).isEmpty)
    }

    @Test func whatCannotBeIsNotInvited() async throws {
        let engine = try await Engine { $0.signUp = .invite }
        let wrong: [(String?, [String], Duration)] = [
            ("nowhere", [], .seconds(60)), (nil, ["a b"], .seconds(60)), (nil, [], .zero), (nil, [], .seconds(-1)),
            (nil, [], .seconds(366 * 86_400)),
        ]
        for (email, roles, lifetime) in wrong {
            let error = try await refusal {
                _ = try await engine.authority.invite(email: email, roles: roles, expiresIn: lifetime)
            }
            #expect(error?.summary == .init(code: .malformedRequest))
        }
    }

    /// The secret is not to be had from what is kept of it.
    @Test func whatIsPrintedHasNoSecret() async throws {
        let engine = try await Engine { $0.signUp = .invite }
        let (invitation, secret) = try await engine.authority.invite()
        var dumped = ""
        dump((invitation, secret), to: &dumped)
        #expect(!dumped.contains(secret.text))
        #expect(!"\(engine.events)".contains(secret.text))
    }
}
