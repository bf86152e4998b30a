import AsyncHTTPClient
import Foundation
import MartletJOSE
import MartletProtocol
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

/// Speaks HTTPS with a server as any client would. It trusts one file of certificates and no other.
final class WebClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        fileprivate let headers: HTTPHeaders
        let body: [UInt8]

        /// The first field of a name.
        func header(_ name: String) -> String? { headers.first(name: name) }

        var json: JSONValue {
            get throws { try JSONValue(parsing: body) }
        }

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The `code` of a problem (RFC 9457), or the `error` of RFC 6749; nil where it is none.
        var code: String? {
            let json = try? json
            return json?["code"]?.string ?? json?["error"]?.string
        }
    }

    let server: String
    private let client: HTTPClient

    init(_ server: String, trusting certificates: String) throws {
        self.server = server
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificates))
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(120), read: .seconds(120))
        // A connection that is refused is an answer, too.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    convenience init(_ server: MartletProcess) throws {
        try self.init(server.url, trusting: server.certificatePath)
    }

    deinit {
        _ = client.shutdown()
    }

    func send(
        _ method: String, _ path: String, token: String? = nil, basic: (id: String, secret: String)? = nil,
        json: JSONValue? = nil, form: KeyValuePairs<String, String>? = nil,
        headers: KeyValuePairs<String, String> = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: server + path)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let basic {
            let credentials = Data("\(formEncoded(basic.id)):\(formEncoded(basic.secret))".utf8).base64EncodedString()
            request.headers.add(name: "authorization", value: "Basic \(credentials)")
        }
        if let json {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(json.serialized(), length: .known(Int64(json.serialized().count)))
        }
        if let form {
            request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            let text = form.map { "\($0)=\(formEncoded($1))" }.joined(separator: "&")
            request.body = .bytes(Array(text.utf8), length: .known(Int64(text.utf8.count)))
        }
        let response = try await client.execute(request, timeout: .seconds(180))
        let body = try await response.body.collect(upTo: 4 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
    }

    func get(_ path: String, token: String? = nil) async throws -> Answer {
        try await send("GET", path, token: token)
    }

    // MARK: The calls of most tests

    /// Signs in, which has to succeed.
    func signIn(
        _ user: String, password: String = Martlet.password, client: String? = nil, secret: String? = nil
    ) async throws -> Grant {
        let answer = try await trySignIn(user, password: password, client: client, secret: secret)
        try #require(answer.status == 201, "\(answer.text)")
        return try Grant(decoding: answer.body)
    }

    func trySignIn(
        _ user: String, password: String = Martlet.password, client: String? = nil, secret: String? = nil
    ) async throws -> Answer {
        var body: JSONObject = ["username": .string(user), "password": .string(password)]
        body["client"] = client.map(JSONValue.string)
        let basic: (id: String, secret: String)? =
            if let client, let secret { (client, secret) } else { nil }
        return try await send("POST", "/v1/sessions", basic: basic, json: .object(body))
    }

    func tryRenew(_ refreshToken: String) async throws -> Answer {
        try await send("POST", "/v1/sessions/refresh", json: ["refreshToken": .string(refreshToken)])
    }

    /// Renews, which has to succeed.
    func renew(_ refreshToken: String) async throws -> Grant {
        let answer = try await tryRenew(refreshToken)
        try #require(answer.status == 200, "\(answer.text)")
        return try Grant(decoding: answer.body)
    }

    func me(_ token: String) async throws -> Answer {
        try await get("/v1/me", token: token)
    }

    private func formEncoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

extension Grant {
    /// The refresh token, which a grant to the body always has.
    var refresh: String {
        get throws { try #require(refreshToken?.refreshToken) }
    }
}

extension MartletProcess {
    /// The port that it listens on.
    var port: String { String(url.drop { $0 != ":" }.dropFirst(3).drop { $0 != ":" }.dropFirst()) }
}
