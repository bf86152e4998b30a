#if canImport(Darwin)
import Foundation
package import HTTPTypes
import Security

/// The transport on Apple systems, by URLSession: no cookies, no cache, no redirects.
package final class URLSessionTransport: NSObject, HTTPTransport, URLSessionTaskDelegate {
    private let session: URLSession
    /// The certificates to trust, in DER; nil for the system's roots.
    private let anchors: [Data]?

    /// - Throws: ``MartletClientError/Code/invalidCertificates``.
    init(options: ClientOptions) throws(MartletClientError) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.waitsForConnectivity = false
        session = URLSession(configuration: configuration)
        if let path = options.trustedCertificates {
            anchors = try Self.certificates(path)
        } else {
            anchors = nil
        }
        super.init()
    }

    deinit {
        session.finishTasksAndInvalidate()
    }

    package func send(_ request: OutgoingRequest) async throws -> ClientResponse {
        let head = request.head
        guard let url = URL(string: "\(head.scheme ?? "https")://\(head.authority ?? "")\(head.path ?? "/")") else {
            throw TransportFailure(.unreachable, to: head, detail: "not a URL")
        }
        var outgoing = URLRequest(url: url, timeoutInterval: request.timeout / .seconds(1))
        outgoing.httpMethod = head.method.rawValue
        for field in head.headerFields {
            outgoing.addValue(field.value, forHTTPHeaderField: field.name.rawName)
        }
        if !request.body.isEmpty { outgoing.httpBody = Data(request.body) }
        do {
            return try await request.withinTimeout { [outgoing] in try await self.answer(to: outgoing, of: request) }
        } catch let failure as TransportFailure {
            throw failure
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(.init(error), to: head, detail: error.localizedDescription)
        }
    }

    private func answer(to outgoing: URLRequest, of request: OutgoingRequest) async throws -> ClientResponse {
        // URLSession does not say when the connection stands, so it is not asked again then.
        guard request.mayBeSent() else {
            throw TransportFailure(
                .tooLate, to: request.head, detail: "the deadline had passed before the request could be sent")
        }
        let (bytes, response) = try await session.bytes(for: outgoing, delegate: self)
        var body: [UInt8] = []
        for try await byte in bytes {
            guard body.count < request.maximumResponseBytes else {
                throw TransportFailure(
                    .answerTooLarge, to: request.head, detail: "more than \(request.maximumResponseBytes) bytes")
            }
            body.append(byte)
        }
        guard let response = response as? HTTPURLResponse else {
            throw TransportFailure(.noHTTP, to: request.head, detail: "not an HTTP answer")
        }
        var fields = HTTPFields()
        for (name, value) in response.allHeaderFields {
            guard let name = HTTPField.Name("\(name)") else { continue }
            fields.append(HTTPField(name: name, value: "\(value)"))
        }
        return ClientResponse(
            head: HTTPResponse(status: .init(code: response.statusCode), headerFields: fields), body: body)
    }

    package func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest
    ) async -> URLRequest? {
        nil
    }

    package func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge
    ) async -> (URLSession.AuthChallengeDisposition, URLCredential?) {
        guard let anchors, challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust,
            let trust = challenge.protectionSpace.serverTrust
        else { return (.performDefaultHandling, nil) }
        let certificates = anchors.compactMap { SecCertificateCreateWithData(nil, $0 as CFData) }
        SecTrustSetAnchorCertificates(trust, certificates as CFArray)
        SecTrustSetAnchorCertificatesOnly(trust, true)
        guard unsafe SecTrustEvaluateWithError(trust, nil) else { return (.cancelAuthenticationChallenge, nil) }
        return (.useCredential, URLCredential(trust: trust))
    }

    private static func certificates(_ path: String) throws(MartletClientError) -> [Data] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let certificates = text.components(separatedBy: "-----BEGIN CERTIFICATE-----").dropFirst().compactMap {
            part in
            part.components(separatedBy: "-----END CERTIFICATE-----").first
                .flatMap { Data(base64Encoded: $0, options: .ignoreUnknownCharacters) }
                .flatMap { SecCertificateCreateWithData(nil, $0 as CFData) == nil ? nil : $0 }
        }
        guard !certificates.isEmpty else {
            throw MartletClientError(
                .invalidCertificates,
                "The certificates to trust cannot be read from \(path). It has to be a PEM file.")
        }
        return certificates
    }
}

extension TransportFailure.Kind {
    /// What an error of URLSession means.
    fileprivate init(_ error: any Error) {
        switch (error as? URLError)?.code {
        case .cannotConnectToHost: self = .refused
        case .notConnectedToInternet, .dataNotAllowed, .internationalRoamingOff: self = .noRoute
        case .cannotFindHost, .dnsLookupFailed: self = .unknownHost
        case .timedOut: self = .timedOut
        case .networkConnectionLost: self = .closed
        case .badServerResponse, .cannotParseResponse: self = .noHTTP
        case .secureConnectionFailed: self = .noTLS
        case .serverCertificateUntrusted, .serverCertificateHasUnknownRoot, .serverCertificateHasBadDate,
            .serverCertificateNotYetValid:
            self = .untrusted
        // The task was not cancelled, so it was our own refusal of the certificate.
        case .cancelled, .userCancelledAuthentication: self = .untrusted
        default: self = .unreachable
        }
    }
}
#endif
