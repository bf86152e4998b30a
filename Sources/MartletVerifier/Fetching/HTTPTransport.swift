import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// The transport by AsyncHTTPClient.
final class HTTPTransport: Transport {
    private let client: HTTPClient

    init(options: Verifier.Options) throws(VerifierError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = options.certificateAuthorityFile {
            tls.trustRoots = .certificates(try Self.certificates(in: file))
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        // The verifier has deadlines for all else, and a connection that it gives up ends with the request's task.
        configuration.timeout = HTTPClient.Configuration.Timeout(connect: TimeAmount(options.requestTimeout))
        // A refused connection is an answer: when to try again is for the verifier to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        self.client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Without a verifier nobody waits for an answer; what is left is to close idle connections.
        _ = client.shutdown()
    }

    func send(_ request: TransportRequest) async throws -> TransportResponse {
        let response = try await client.execute(HTTPClientRequest(request), deadline: .distantFuture)
        let body = try await response.body.collect(upTo: request.maximumBytes)
        return TransportResponse(
            status: Int(response.status.code),
            cacheControl: response.headers["cache-control"],
            age: response.headers.first(name: "age"),
            entityTag: response.headers.first(name: "etag"),
            retryAfter: response.headers.first(name: "retry-after"),
            body: Array(body.readableBytesView)
        )
    }

    func open(_ request: TransportRequest) async throws -> TransportStream {
        let response = try await client.execute(HTTPClientRequest(request), deadline: .distantFuture)
        return TransportStream(
            status: Int(response.status.code),
            contentType: response.headers.first(name: "content-type"),
            retryAfter: response.headers.first(name: "retry-after"),
            body: response.body
        )
    }

    private static func certificates(in file: String) throws(VerifierError) -> [NIOSSLCertificate] {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(file)
        } catch {
            throw VerifierError(
                .invalidConfiguration,
                "The file of certificate authorities, \(file), must be readable and hold certificates in PEM.",
                detail: "\(error)"
            )
        }
        guard !certificates.isEmpty else {
            throw VerifierError(
                .invalidConfiguration, "The file of certificate authorities, \(file), must hold a certificate in PEM.")
        }
        return certificates
    }
}

extension HTTPClientRequest {
    fileprivate init(_ request: TransportRequest) {
        self.init(url: request.url)
        headers.add(name: "accept", value: request.accept)
        headers.add(name: "user-agent", value: "martlet-verifier")
        if let entityTag = request.entityTag { headers.add(name: "if-none-match", value: entityTag) }
        if let authorization = request.authorization { headers.add(name: "authorization", value: authorization) }
        if let lastEventID = request.lastEventID { headers.add(name: "last-event-id", value: lastEventID) }
        if let form = request.form {
            method = .POST
            headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            let fields = form.map { "\($0.name.formEncoded)=\($0.value.formEncoded)" }
            body = .bytes(ByteBuffer(string: fields.joined(separator: "&")))
        }
    }
}
