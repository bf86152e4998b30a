import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/clients`.
struct AdminClientTests {
    @Test func theListHasPages() async throws {
        try await AdminDoor.serve { door in
            for id in ["web", "api-2", "api-1", "Zebra"] { try await door.served.addClient(id) }
            for limit in [1, 2, 5] {
                #expect(
                    try await door.list("id", of: "clients", limit: limit) == [
                        "Zebra", "api-1", "api-2", "first-party", "web",
                    ])
                #expect(try await door.list("id", of: "clients", filter: "api", limit: limit) == ["api-1", "api-2"])
            }
            #expect(try await door.list("id", of: "clients", filter: "API") == [])
            for query in ["limit=0", "limit=x", "after=a%20b", "after=%C3%A4", "other=1"] {
                #expect(try await door.get("clients?\(query)").outcome == "400 malformed_request none")
            }
        }
    }

    @Test func aConfidentialClientIsShownItsSecretOnce() async throws {
        try await AdminDoor.serve { door in
            let added = try await door.post(
                "clients",
                #"""
                {"id":"api","scopes":["read","write"],"audience":"https://api.example.com","profile":"banking",
                "accessLifetime":"2m","idleLimit":"10m","absoluteLimit":"90m","rotation":"none","lateWindow":"2m",
                "repeatLimit":"5m","claims":{"tenant":"acme"}}
                """#)
            #expect(added.status == 201)
            #expect(added.headers[.cacheControl] == "no-store")
            var client = try #require(try added.json.object)
            let secret = try #require(client["clientSecret"]?.string)
            #expect(secret.hasPrefix("mcs_"))
            #expect(
                added.text.hasPrefix(
                    #"{"id":"api","public":false,"scopes":["read","write"],"audience":"https://api.example.com","#
                        + #""profile":"banking","accessLifetime":"2m","idleLimit":"10m","absoluteLimit":"90m","#
                        + #""rotation":"none","lateWindow":"2m","repeatLimit":"5m","claims":{"tenant":"acme"},"createdAt":""#
                ))
            let record = try await door.newestRecord("admin_action")
            #expect(record?["detail"]?.string == "client_added")
            #expect(record?["client"]?.string == "api")
            let token = try await door.api.post(
                "/oauth2/token", as: .basic("api", secret), form: "grant_type=client_credentials")
            #expect(token.status == 200)

            client["clientSecret"] = nil
            #expect(try await door.get("clients/api").json == .object(client))
            #expect(try await door.list("clients").contains(.object(client)))
        }
    }

    @Test func aPublicClientIsAddedAndRemoved() async throws {
        try await AdminDoor.serve { door in
            let added = try await door.post(
                "clients", #"{"id":"app","public":true,"origins":["https://app.example.com"]}"#)
            #expect(added.status == 201)
            #expect(try added.json["clientSecret"] == nil)
            #expect(try added.json["origins"] == ["https://app.example.com"])
            let grant = try await door.api.signIn(client: "app")

            #expect(try await door.delete("clients/app").status == 204)
            let record = try await door.newestRecord("admin_action")
            #expect(record?["detail"]?.string == "client_removed")
            #expect(try await door.newestRecord("sessions_ended")?["reason"]?.string == "client_removed")
            #expect(try await door.api.get("/v1/me", as: grant.bearer).status == 401)
            #expect(try await door.get("clients/app").outcome == "404 not_found none")
        }
    }

    @Test(arguments: [
        ("{}", "400 malformed_request none", "id is missing"),
        (#"{"id":"a b"}"#, "400 malformed_request none", "A client id is"),
        (#"{"id":"first-party"}"#, "409 conflict none", "built in"),
        (#"{"id":"web"}"#, "409 conflict none", "already"),
        (#"{"id":"app","public":"yes"}"#, "400 malformed_request none", "true or false"),
        (#"{"id":"app","scopes":["a b"]}"#, "400 malformed_request none", "A scope is"),
        (#"{"id":"app","audience":"a b"}"#, "400 malformed_request none", "An audience is"),
        (#"{"id":"app","profile":"unknown"}"#, "400 malformed_request none", "persistent"),
        (#"{"id":"app","accessLifetime":5}"#, "400 malformed_request none", "30m"),
        (#"{"id":"app","idleLimit":"1.5h"}"#, "400 malformed_request none", "7d"),
        (#"{"id":"app","accessLifetime":"2d"}"#, "400 malformed_request none", "at most 24h"),
        (#"{"id":"app","lateWindow":"soon"}"#, "400 malformed_request none", "30m"),
        (#"{"id":"app","repeatLimit":"0s"}"#, "400 malformed_request none", "repeatLimit"),
        (#"{"id":"app","claims":["tenant"]}"#, "400 malformed_request none", "an object"),
        (#"{"id":"app","claims":{"sub":"root"}}"#, "400 malformed_request none", "sub"),
        (#"{"id":"app","rotation":"unknown"}"#, "400 malformed_request none", "resilient"),
        (#"{"id":"app","public":true,"rotation":"none"}"#, "400 malformed_request none", "confidential"),
        (#"{"id":"app","origins":["https://app.example.com"]}"#, "400 malformed_request none", "public clients"),
        (#"{"id":"app","public":true,"origins":["app"]}"#, "400 malformed_request none", "An origin has to be"),
    ])
    func aBadClientIsNotRegistered(json: String, outcome: String, words: String) async throws {
        try await AdminDoor.serve { door in
            try await door.served.addClient("web")
            let answer = try await door.post("clients", json)
            #expect(answer.outcome == outcome)
            #expect(answer.detail.contains(words), "\(answer.detail)")
            #expect(try await door.list("id", of: "clients") == ["first-party", "web"])
        }
    }

    @Test func theBuiltInClientStays() async throws {
        try await AdminDoor.serve { door in
            let shown = try await door.get("clients/first-party")
            #expect(shown.text == #"{"id":"first-party","public":true,"scopes":[]}"#)
            #expect(try await door.delete("clients/first-party").outcome == "409 conflict none")
            for unknown in ["nobody", "a%20b", "%E2%84%AA"] {
                #expect(try await door.get("clients/\(unknown)").outcome == "404 not_found none")
                #expect(try await door.delete("clients/\(unknown)").outcome == "404 not_found none")
            }
        }
    }
}
