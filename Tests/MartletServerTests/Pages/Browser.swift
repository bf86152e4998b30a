import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletProtocol
import NIOCore
import Synchronization
import Testing

@testable import MartletServer

/// As much of a browser as pages without a script need: it keeps cookies, and sends forms from the page it shows.
final class Browser: Sendable {
    /// An answer, as text.
    struct Shown: Sendable {
        let status: Int
        let headers: HTTPFields
        let html: String

        var location: String? { headers[.location] }

        /// The value of the field that a form on the page has; its first one.
        func field(_ name: String) -> String? {
            guard let start = html.range(of: "name=\"\(name)\""),
                let end = html[start.upperBound...].firstIndex(of: ">")
            else { return nil }
            return html[start.upperBound..<end].firstMatch(of: #/ value="([^"]*)"/#).map { String($0.1) }
        }
    }

    static let origin = ServedAuthority.issuer

    private let client: any TestClientProtocol
    private let cookies = Mutex<[String: String]>([:])
    private let page = Mutex<Shown?>(nil)

    init(_ client: any TestClientProtocol) {
        self.client = client
    }

    /// A second one, with the same cookies: another tab.
    func tab() -> Browser {
        let tab = Browser(client)
        let kept = cookies.withLock { $0 }
        tab.cookies.withLock { $0 = kept }
        return tab
    }

    func cookie(_ name: String) -> String? { cookies.withLock { $0[name] } }

    func setCookie(_ name: String, _ value: String?) { cookies.withLock { $0[name] = value } }

    @discardableResult
    func get(
        _ path: String, headers: HTTPFields = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Shown {
        let shown = try await send(.get, path, headers, body: nil, sourceLocation)
        page.withLock { $0 = shown }
        return shown
    }

    /// Sends a form of the page that is shown.
    ///
    /// - Parameters:
    ///   - token: in place of the page's own; empty for none.
    ///   - headers: in place of those that a browser sends.
    func post(
        _ path: String, _ fields: [String: String] = [:], token: String? = nil, headers: HTTPFields? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Shown {
        var fields = fields
        let token = token ?? page.withLock { $0?.field("token") }
        if let token, !token.isEmpty { fields["token"] = token }
        var unreserved = CharacterSet.alphanumerics
        unreserved.insert(charactersIn: "-._~")
        let body = fields.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: unreserved)!)"
        }.joined(separator: "&")
        var sent = headers ?? [.origin: Self.origin, .secFetchSite: "same-origin"]
        if sent[.contentType] == nil { sent[.contentType] = "application/x-www-form-urlencoded" }
        let shown = try await send(.post, path, sent, body: body, sourceLocation)
        if shown.status != 303 { page.withLock { $0 = shown } }
        return shown
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields, body: String?,
        _ sourceLocation: SourceLocation
    ) async throws -> Shown {
        var headers = headers
        if headers[.accept] == nil { headers[.accept] = "text/html,application/xhtml+xml" }
        headers[.userAgent] = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
        let kept = cookies.withLock { $0 }
        if !kept.isEmpty { headers[.cookie] = kept.map { "\($0)=\($1)" }.joined(separator: "; ") }
        let response = try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        let shown = Shown(
            status: response.status.code, headers: response.headers, html: String(buffer: response.body))
        keep(shown.headers[values: .setCookie], sourceLocation)
        for fault in faults(of: shown, path) {
            Issue.record("\(method) \(path): \(fault)", sourceLocation: sourceLocation)
        }
        return shown
    }

    private func keep(_ fields: [String], _ sourceLocation: SourceLocation) {
        for field in fields {
            let parts = field.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let attributes = Set(parts.dropFirst())
            #expect(
                attributes.subtracting(["Max-Age=0"]) == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"],
                sourceLocation: sourceLocation)
            #expect(pair[0].hasPrefix("__Host-martlet-"), sourceLocation: sourceLocation)
            cookies.withLock { $0[pair[0]] = attributes.contains("Max-Age=0") ? nil : pair[1] }
        }
    }

    /// What goes for every page.
    private func faults(of shown: Shown, _ path: String) -> [String] {
        var faults: [String] = []
        if shown.headers[.xContentTypeOptions] != "nosniff" { faults.append("it lacks X-Content-Type-Options") }
        guard shown.headers[.contentType] == "text/html; charset=utf-8" else { return faults }
        if shown.headers[.cacheControl] != "no-store" { faults.append("it may be cached") }
        if shown.headers[.contentSecurityPolicy] != MartletServer.Page.policy { faults.append("it has another policy") }
        if shown.headers[HTTPField.Name("Referrer-Policy")!] != "same-origin" {
            faults.append("it has another Referrer-Policy")
        }
        // Where a page was opened under another name, it leads to the issuer's.
        let html =
            shown.status == 403
            ? shown.html.replacing(#/https:\/\/(auth\.example\.com|127\.0\.0\.1)/#, with: "") : shown.html
        for sign in ["<script", " style=", "<style", " onclick", "http://", "https://"] where html.contains(sign) {
            faults.append("it has \(sign) in it")
        }
        let parts = [
            "<!doctype html>", "<html lang=\"en\">", "<title>", "<h1>", "<main id=\"content\"", "class=\"skip\"",
        ]
        for needed in parts
        where !shown.html.contains(needed) {
            faults.append("it lacks \(needed)")
        }
        let ids = shown.html.matches(of: /\ id="([^"]*)"/).map { String($0.1) }
        if Set(ids).count != ids.count { faults.append("an id is there twice: \(ids)") }
        for label in shown.html.matches(of: /<label for="([^"]*)"/) where !ids.contains(String(label.1)) {
            faults.append("the label of \(label.1) has no field")
        }
        return faults
    }

    /// The overview with its numbers, once they are counted.
    func overview(sourceLocation: SourceLocation = #_sourceLocation) async throws -> Shown {
        while true {
            let shown = try await get("/console", sourceLocation: sourceLocation)
            guard shown.headers[HTTPField.Name("Refresh")!] == "1" else { return shown }
        }
    }

    // MARK: What most tests begin with

    func signIn(
        _ username: String = "alice", password: String = ServedAuthority.password, next: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Shown {
        try await get(PagePath.path(PagePath.signIn, [("next", next)]), sourceLocation: sourceLocation)
        var fields = ["username": username, "password": password]
        fields["next"] = next
        return try await post(PagePath.signIn, fields, sourceLocation: sourceLocation)
    }
}

extension ServedAuthority {
    /// Has a browser look at the pages.
    func browse<Value>(_ work: @Sendable (Browser) async throws -> Value) async throws -> Value {
        try await serve { api in try await work(Browser(api.client)) }
    }
}
