import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/keys`.
struct AdminKeyTests {
    @Test func keysAreListedAndRotated() async throws {
        try await AdminDoor.serve { door in
            #expect(try await door.list("kind", of: "keys") == ["signing", "refresh-token"])
            let added = try await door.post("keys", #"{"kind":"signing"}"#)
            #expect(added.status == 201)
            #expect(try added.json["state"] == "upcoming")
            let record = try await door.newestRecord("key_added")
            #expect(record?["detail"]?.string == "signing \(try added.json["id"]?.string ?? "")")
            // Both of its names.
            for name in ["refresh-token", "refresh_token_mac"] {
                let added = try await door.post("keys", #"{"kind":"\#(name)"}"#)
                #expect(added.status == 201)
                #expect(try added.json["kind"] == "refresh-token")
                #expect(try added.json["algorithm"] == "HS256")
                door.served.clock.advance(by: .seconds(1))
            }
            for limit in [1, 2, 3, 5] {
                #expect(
                    try await door.list("state", of: "keys", limit: limit) == [
                        "active", "upcoming", "active", "upcoming", "upcoming",
                    ])
                let found = try await door.list("id", of: "keys", filter: "refresh-token", limit: limit)
                #expect(found == ["1", "2", "3"])
            }
            #expect(try await door.list("id", of: "keys", filter: "refresh_token_mac") == ["1", "2", "3"])
            let signing = try await door.list("keys", filter: "signing")
            #expect(signing.count == 2)
            #expect(try signing.last == added.json)
            #expect(signing[0]["removedAt"] != nil)
        }
    }

    @Test(arguments: ["{}", #"{"kind":"other"}"#, #"{"kind":1}"#, #"{"kind":""}"#, "[]"])
    func badRequestsMakeNoKey(json: String) async throws {
        try await AdminDoor.serve { door async throws in
            #expect(try await door.post("keys", json).outcome == "400 malformed_request none")
            #expect(try await door.list("keys").count == 2)
        }
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "after=x", "filter=other", "filter=signing&after=refresh-token:1", "x=1",
    ])
    func badParametersAreExplained(query: String) async throws {
        try await AdminDoor.serve { door async throws in
            #expect(try await door.get("keys?\(query)").outcome == "400 malformed_request none")
        }
    }
}
