import AsyncHTTPClient
import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import MartletServer

/// A real listener with every route, and clients that read its feed.
struct RevocationServer {
    static let scope = "revocations:read"

    let served: ServedAuthority
    let transport: TransportServer
    let client: HTTPClient
    let feed: RevocationFeed

    var authority: Authority { served.authority }

    /// - Parameter version: what the clients speak.
    static func with<Value>(
        _ version: HTTPClient.Configuration.HTTPVersion = .http1Only, heartbeat: Duration = .seconds(2),
        streams: Int = 2_000, limits: ListenerLimits = .patient,
        _ body: (RevocationServer) async throws -> Value
    ) async throws -> Value {
        let served = try await ServedAuthority()
        var configuration = ServerConfiguration()
        configuration.revocations = RevocationFeedOptions(heartbeat: heartbeat, streams: streams)
        let routes = AuthorityServer.routes(served.authority, configuration)
        let router = AuthorityServer.router(routes, configuration, strictTransportSecurity: false)
        return try await TransportServer.with(router: router, limits: limits) { transport in
            try await transport.withClient(version, connections: 2_000) { client in
                try await body(
                    RevocationServer(served: served, transport: transport, client: client, feed: routes.feed))
            }
        }
    }

    /// An access token of a new client that may read the feed.
    func readerToken(
        _ id: String = "reader", scopes: [String] = [scope], audience: String? = nil
    ) async throws -> String {
        try await served.addClient(id, scopes: scopes, audience: audience)
        let client = try #require(try await authority.clients.client(id))
        return try await authority.issueClientToken(for: client, scopes: nil).accessToken
    }

    func open(_ token: String, lastEventID: String? = nil) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: transport.url("/v1/revocations/stream"))
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        if let lastEventID { request.headers.add(name: "Last-Event-ID", value: lastEventID) }
        return try await client.execute(request, timeout: .seconds(300))
    }

    /// Opens a stream, which has to succeed.
    func reader(_ token: String, lastEventID: String? = nil) async throws -> EventReader {
        let response = try await open(token, lastEventID: lastEventID)
        try #require(response.status == .ok)
        #expect(response.headers.first(name: "Content-Type") == "text/event-stream")
        #expect(response.headers.first(name: "Cache-Control") == "no-store")
        return EventReader(response)
    }

    /// Waits until so many streams are open.
    func streams(_ count: Int) async throws {
        let start = ContinuousClock.now
        while feed.openStreams != count {
            try #require(ContinuousClock.now - start < .seconds(300), "\(feed.openStreams) streams are open")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
