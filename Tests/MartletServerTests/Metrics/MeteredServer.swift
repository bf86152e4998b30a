import AsyncHTTPClient
import Foundation
import Logging
import MartletCore
import MartletProtocol
import MartletSQLite
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import MartletServer

/// A whole server on SQLite and on two sockets, as `martlet serve` has them.
struct MeteredServer {
    static let password = "correct horse battery staple"

    let server: AuthorityServer
    let client: HTTPClient

    /// - Parameter opened: storage to serve, which is closed afterwards; a new one where nil.
    static func with(
        storage opened: SQLiteStorage? = nil, _ body: (MeteredServer) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let storage =
            if let opened {
                opened
            } else {
                try await SQLiteStorage(path: folder.appending(path: "martlet.sqlite").path)
            }
        let server = try await AuthorityServer(
            configuration(), storage: storage, masterKey: MasterKey(), tls: nil, logger: .silent)
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let group = ServiceGroup(services: [server], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(MeteredServer(server: server, client: client))
            } catch {
                tasks.cancelAll()
                try? await client.shutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        try await client.shutdown()
        await storage.close()
    }

    static func configuration() -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.listen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.plainHTTP = true
        configuration.management.listen = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.passwords.parameters = PasswordParameters(memory: 7 << 20, iterations: 1)
        return configuration
    }

    struct Answer {
        let status: UInt
        let type: String?
        let text: String
    }

    func ask(
        _ path: String, _ method: HTTPMethod = .GET, management: Bool = false, token: String? = nil, json: String? = nil
    ) async throws -> Answer {
        let address = try management ? #require(server.managementAddress) : server.address
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(Array(json.utf8))
        }
        let response = try await client.execute(request, timeout: .seconds(300))
        let body = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            status: response.status.code, type: response.headers.first(name: "Content-Type"), text: String(buffer: body)
        )
    }

    func metrics() async throws -> PrometheusText {
        let answer = try await ask("/metrics", management: true)
        #expect(answer.status == 200)
        return try PrometheusText(answer.text)
    }

    func signIn() async throws -> Grant {
        let answer = try await ask(
            "/v1/sessions", .POST, json: #"{"username":"alice","password":"\#(Self.password)"}"#)
        #expect(answer.status == 201)
        return try Grant(decoding: Array(answer.text.utf8))
    }

    func renew(_ token: String) async throws -> Answer {
        try await ask("/v1/sessions/refresh", .POST, json: #"{"refreshToken":"\#(token)"}"#)
    }
}
