import HummingbirdTesting
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What an administrator sends, through a socket, to an authority with the accounts root and alice.
struct AdminDoor: Sendable {
    let served: ServedAuthority
    let api: API
    /// Of root.
    let credentials: API.Credentials

    static func serve(
        _ configure: (inout AuthoritySettings) -> Void = { _ in }, _ work: @Sendable (AdminDoor) async throws -> Void
    ) async throws {
        let served = try await ServedAuthority(configure)
        try await served.addUser("root", roles: ["admin"])
        // What is of one moment has no order.
        served.clock.advance(by: .milliseconds(1))
        try await served.addUser()
        try await served.serve(by: .live) { api in
            let door = AdminDoor(served: served, api: api, credentials: try await api.signIn("root").bearer)
            served.clock.advance(by: .milliseconds(1))
            try await work(door)
        }
    }

    func get(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answered {
        try await api.get("/v1/admin/\(path)", as: credentials, sourceLocation: sourceLocation)
    }

    func post(
        _ path: String, _ json: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await api.post("/v1/admin/\(path)", as: credentials, json: json, sourceLocation: sourceLocation)
    }

    func patch(
        _ path: String, _ json: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await api.patch("/v1/admin/\(path)", as: credentials, json: json, sourceLocation: sourceLocation)
    }

    func delete(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answered {
        try await api.delete("/v1/admin/\(path)", as: credentials, sourceLocation: sourceLocation)
    }

    /// A list to its end, a page after the other. Each page but the last is full.
    func list(
        _ name: String, filter: String? = nil, limit: Int = 2, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [JSONValue] {
        let path = "\(name)?limit=\(limit)\(filter.map { "&filter=\($0)" } ?? "")"
        var items: [JSONValue] = []
        var after = ""
        while true {
            let page = try await get(path + after, sourceLocation: sourceLocation)
            try #require(page.status == 200, sourceLocation: sourceLocation)
            let found = try #require(try page.json[name]?.array, sourceLocation: sourceLocation)
            items += found
            guard let next = try page.json["next"]?.string else { return items }
            #expect(found.count == limit, sourceLocation: sourceLocation)
            after = "&after=\(next)"
        }
    }

    /// One member of each item of a list.
    func list(
        _ member: String, of name: String, filter: String? = nil, limit: Int = 2,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [String] {
        try await list(name, filter: filter, limit: limit, sourceLocation: sourceLocation)
            .map { $0[member]?.string ?? "" }
    }

    /// The newest record: what was done, and whether it says who did it, and from where.
    func newestRecord(_ kind: String) async throws -> JSONValue? {
        try await served.authority.events.flush()
        let record = try await get("events?limit=1&filter=\(kind)").json["events"]?.array?.first
        let root = try await served.authority.existingUser("root").id
        #expect(record?["actor"]?.string == "\(root)")
        #expect(record?["presenter"]?["address"]?.string == "127.0.0.1")
        return record
    }
}
