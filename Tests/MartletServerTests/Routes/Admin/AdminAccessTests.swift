import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What goes for every call of `/v1/admin`.
struct AdminAccessTests {
    /// Every call, with what it would do if it were let.
    private static func calls(user: UserID, session: SessionID) -> [(HTTPRequest.Method, String, String?)] {
        [
            (.get, "users", nil), (.post, "users", #"{"username":"eve","password":"a good passphrase"}"#),
            (.get, "users/\(user)", nil), (.patch, "users/\(user)", #"{"disabled":true}"#),
            (.delete, "users/\(user)", nil), (.get, "sessions", nil), (.get, "sessions/\(session)", nil),
            (.delete, "sessions/\(session)", nil), (.get, "clients", nil), (.post, "clients", #"{"id":"eve"}"#),
            (.get, "clients/web", nil), (.delete, "clients/web", nil), (.get, "events", nil),
            (.get, "revocations", nil), (.post, "revocations", #"{"kind":"all"}"#), (.get, "keys", nil),
            (.post, "keys", #"{"kind":"signing"}"#), (.get, "statistics", nil),
        ]
    }

    private func send(
        _ call: (HTTPRequest.Method, String, String?), to api: API, as credentials: API.Credentials?
    ) async throws -> Answered {
        let (method, path, json) = call
        return try await api.send(
            method, "/v1/admin/\(path)", as: credentials, type: json.map { _ in "application/json" },
            body: json.map { Array($0.utf8) })
    }

    /// How many records of events there are.
    private func records(of authority: Authority) async throws -> Int64 {
        try await authority.events.flush()
        return try await authority.recordedEvents(EventQuery(limit: 1)).first?.number ?? 0
    }

    @Test func everyCallIsAmongThem() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        let routes = AuthorityRoutes<AuthorityRequestContext>(authority: served.authority).adminRoutes
        let id = SessionID(user.id.uuid)
        let calls = Self.calls(user: user.id, session: id).map { method, path, _ in
            "\(method) /v1/admin/\(path.replacing("\(id)", with: "{id}").replacing("web", with: "{id}"))"
        }
        #expect(calls.sorted() == routes.map { "\($0.method) \($0.path)" }.sorted())
    }

    @Test func nobodyElseIsLetIn() async throws {
        try await AdminDoor.serve { door in
            let authority = door.served.authority
            let secret = try await door.served.addClient("web")
            let alice = try await door.api.signIn()
            let token = try await door.api.post(
                "/oauth2/token", as: .basic("web", secret), form: "grant_type=client_credentials")
            let client = try TokenAnswer(decoding: token.body).accessToken
            let before = try await records(of: authority)
            for call in Self.calls(user: alice.user.id, session: alice.session.id) {
                for (credentials, outcome) in [
                    (nil, "401 token_missing sign_in"), (.bearer("x"), "401 token_invalid sign_in"),
                    (alice.bearer, "403 forbidden none"), (.bearer(client), "401 token_invalid sign_in"),
                ] as [(API.Credentials?, String)] {
                    let answer = try await send(call, to: door.api, as: credentials)
                    #expect(answer.outcome == outcome, "\(call)")
                }
            }
            // Nothing was done.
            #expect(try await records(of: authority) == before)
            #expect(try await door.api.get("/v1/me", as: alice.bearer).status == 200)
            #expect(try await door.list("id", of: "clients") == ["first-party", "web"])
        }
    }

    /// A misspelled member would leave undone what it asks for.
    @Test func aMemberThatIsNotKnownIsRefused() async throws {
        try await AdminDoor.serve { door in
            let alice = try await door.api.signIn()
            let before = try await records(of: door.served.authority)
            for call in Self.calls(user: alice.user.id, session: alice.session.id) {
                guard let json = call.2 else { continue }
                let misspelled = json.replacing("}", with: #","liftime":"5m"}"#)
                let answer = try await send((call.0, call.1, misspelled), to: door.api, as: door.credentials)
                #expect(answer.outcome == "400 malformed_request none", "\(call)")
                #expect(answer.detail.hasPrefix("The member liftime is not known here; known are: "))
            }
            let secret = try await door.post("users", #"{"correct horse battery":"staple"}"#)
            #expect(secret.detail == "A member is not known here; known are: username, password, email, roles.")
            #expect(try await records(of: door.served.authority) == before)
        }
    }

    /// The token says admin until it expires; the account is what counts.
    @Test func anAdministratorWhoIsDisabledOrGoneIsRefused() async throws {
        for isRemoved in [false, true] {
            try await AdminDoor.serve { door in
                let authority = door.served.authority
                try await door.served.addClient("web")
                let alice = try await door.api.signIn()
                if isRemoved {
                    try await authority.removeUser("root")
                } else {
                    _ = try await authority.setDisabled(true, of: "root")
                }
                let reason = isRemoved ? "user_removed" : "user_disabled"
                for call in Self.calls(user: alice.user.id, session: alice.session.id) {
                    let answer = try await send(call, to: door.api, as: door.credentials)
                    #expect(answer.outcome == "401 token_revoked sign_in \(reason)", "\(call)")
                }
                #expect(try await door.api.get("/v1/me", as: alice.bearer).status == 200)
            }
        }
    }

    /// A storage that fails is never an answer, and never a sign-out.
    @Test func storageThatFailsIsTemporary() async throws {
        try await AdminDoor.serve { door in
            let alice = try await door.api.signIn()
            door.served.storage.fail(with: .init(.full, detail: "no space left"))
            for call in Self.calls(user: alice.user.id, session: alice.session.id) {
                let answer = try await send(call, to: door.api, as: door.credentials)
                #expect(answer.outcome.hasPrefix("503 storage_unavailable retry"), "\(call): \(answer.outcome)")
            }
        }
    }

    @Test func headAnswersAsGetDoes() async throws {
        try await AdminDoor.serve { door in
            for path in ["users", "sessions", "clients", "keys", "events", "revocations", "statistics"] {
                let head = try await door.api.send(.head, "/v1/admin/\(path)", as: door.credentials)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
            }
        }
    }

    /// No secret, and nothing that one could be tried against, is in any answer but that which shows a client its own.
    @Test func noAnswerHasASecret() async throws {
        try await AdminDoor.serve { door in
            let authority = door.served.authority
            let secret = try await door.served.addClient("web")
            let alice = try await door.api.signIn()
            let user = try await authority.existingUser("alice")
            guard case .confidential(let hash)? = try await authority.clients.client("web")?.kind else {
                Issue.record("the client has no secret")
                return
            }
            let keys = KeyRecord.Kind.allCases.flatMap { authority.keys.schedule(of: $0).records }
            let raw = [hash] + keys.map(\.sealed)
            var secrets = [
                ServedAuthority.password, user.passwordHash.text, "$argon2", secret, "mcs_", alice.refresh, "mrt_",
                alice.accessToken.token, "a good passphrase",
            ]
            for bytes in raw {
                secrets.append(Base64URL.encode(bytes))
                secrets.append(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
            }
            try await authority.revoke(.session(alice.session.id))
            try await authority.events.flush()
            let calls = Self.calls(user: user.id, session: alice.session.id)
                .filter { $0.0 != .delete && $0.1 != "revocations" }
            var texts: [String] = []
            for call in calls {
                let answer = try await send(call, to: door.api, as: door.credentials)
                #expect((200...201).contains(answer.status), "\(call)")
                var text = answer.text
                if call.1 == "clients", call.0 == .post {
                    let shown = try #require(try answer.json["clientSecret"]?.string)
                    text = text.replacing(shown, with: "")
                    secrets.append(shown)
                }
                texts.append(text)
            }
            // Those that come after it, too.
            for name in ["users", "sessions", "clients", "keys", "events", "revocations"] {
                texts.append(try await door.get("\(name)?limit=1000").text)
            }
            for text in texts {
                for secret in secrets { #expect(!text.contains(secret), "\(text)") }
            }
        }
    }
}
