import AsyncHTTPClient
import MartletJOSE
import MartletProtocol
import NIOCore
import NIOHTTP1
import NIOSSL

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The calls to the server that the benchmark makes.
struct API {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let http: HTTPClient
    let options: ServerOptions

    static func with<Value>(_ options: ServerOptions, _ work: (API) async throws -> Value) async throws -> Value {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(options.ca)
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow))
        do {
            let value = try await work(API(http: http, options: options))
            try await http.shutdown()
            return value
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    static func line(of path: String) throws -> String {
        String(try String(contentsOfFile: path, encoding: .utf8).prefix { $0 != "\n" })
    }

    /// An access token of the administrator.
    func admin() async throws -> String {
        let password = try Self.line(of: options.passwordFile)
        let body = try await send(
            .POST, "/v1/sessions", json: ["username": .string(options.admin), "password": .string(password)])
        return try Grant(decoding: body).accessToken.token
    }

    /// An access token of the client, which may read the feed.
    func reader() async throws -> String {
        let secret = try Self.line(of: options.secretFile)
        let body = try await send(
            .POST, "/oauth2/token",
            form: "grant_type=client_credentials&client_id=\(options.client)&client_secret=\(secret)")
        return try TokenAnswer(decoding: body).accessToken
    }

    /// Renews with each line of a file.
    func grants(ofTokensIn path: String, _ count: Int) async throws -> [Grant] {
        var grants: [Grant] = []
        for token in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").prefix(count) {
            let body = try await send(.POST, "/v1/sessions/refresh", json: ["refreshToken": .string(String(token))])
            grants.append(try Grant(decoding: body))
        }
        guard grants.count == count else { throw Failure(description: "\(path) has fewer than \(count) tokens") }
        return grants
    }

    func revoke(_ kind: RevocationEntry.Kind, _ id: String, as admin: String) async throws {
        _ = try await send(
            .POST, "/v1/admin/revocations", token: admin, json: ["kind": .string(kind.rawValue), "id": .string(id)])
    }

    private func send(
        _ method: HTTPMethod, _ path: String, token: String? = nil, json: JSONValue? = nil, form: String? = nil
    ) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: options.server + path)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: json.serialized()))
        } else if let form {
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: form))
        }
        let response = try await http.execute(request, timeout: .seconds(60))
        let body = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            throw Failure(description: "\(method) \(path): \(String(decoding: body, as: UTF8.self))")
        }
        return body
    }
}
