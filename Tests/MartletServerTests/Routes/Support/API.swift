import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletJOSE
import MartletProtocol
import NIOCore
import Testing

/// Sends requests, and holds each answer against the OpenAPI document and against what goes for all of them.
struct API: Sendable {
    let client: any TestClientProtocol

    enum Credentials {
        case bearer(String)
        /// Form-encoded where need be, as RFC 6749 §2.3.1 asks.
        case basic(String, String)

        var field: String {
            switch self {
            case .bearer(let token): "Bearer \(token)"
            case .basic(let id, let secret): "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()
            }
        }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, as credentials: Credentials? = nil, headers: HTTPFields = [:],
        type: String? = nil, body: [UInt8]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        var headers = headers
        if let credentials { headers[.authorization] = credentials.field }
        if let type { headers[.contentType] = type }
        let response = try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
        let answer = Answered(
            status: response.status.code, headers: response.headers, body: Array(response.body.readableBytesView))
        for fault in answer.faults(method, path) + OpenAPIDescription.shared.faults(of: answer, to: method, path) {
            Issue.record("\(method) \(path) → \(answer.outcome): \(fault)", sourceLocation: sourceLocation)
        }
        return answer
    }

    func get(
        _ path: String, as credentials: Credentials? = nil, headers: HTTPFields = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(.get, path, as: credentials, headers: headers, sourceLocation: sourceLocation)
    }

    func delete(
        _ path: String, as credentials: Credentials? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(.delete, path, as: credentials, sourceLocation: sourceLocation)
    }

    func post(
        _ path: String, as credentials: Credentials? = nil, json: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(
            .post, path, as: credentials, type: "application/json", body: Array(json.utf8),
            sourceLocation: sourceLocation)
    }

    func patch(
        _ path: String, as credentials: Credentials? = nil, json: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(
            .patch, path, as: credentials, type: "application/json", body: Array(json.utf8),
            sourceLocation: sourceLocation)
    }

    func post(
        _ path: String, as credentials: Credentials? = nil, form: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(
            .post, path, as: credentials, type: "application/x-www-form-urlencoded", body: Array(form.utf8),
            sourceLocation: sourceLocation)
    }

    // MARK: What most tests begin with

    func signIn(
        _ username: String = "alice", client: String? = nil, as credentials: Credentials? = nil,
        device: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Grant {
        var members = ["username": username, "password": ServedAuthority.password]
        members["client"] = client
        members["device"] = device
        let answer = try await post(
            "/v1/sessions", as: credentials, json: String(decoding: JSONEncoder().encode(members), as: UTF8.self),
            sourceLocation: sourceLocation)
        try #require(answer.status == 201, sourceLocation: sourceLocation)
        return try Grant(decoding: answer.body)
    }

    func renew(
        _ refreshToken: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await post(
            "/v1/sessions/refresh", json: #"{"refreshToken":"\#(refreshToken)"}"#, sourceLocation: sourceLocation)
    }

    /// Renews at the token endpoint.
    func refresh(
        _ refreshToken: String, as credentials: Credentials? = nil, _ more: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await post(
            "/oauth2/token", as: credentials, form: "grant_type=refresh_token&refresh_token=\(refreshToken)\(more)",
            sourceLocation: sourceLocation)
    }
}

extension Grant {
    /// The access token as credentials.
    var bearer: API.Credentials { .bearer(accessToken.token) }

    /// The refresh token's text.
    var refresh: String { refreshToken?.refreshToken ?? "" }
}
