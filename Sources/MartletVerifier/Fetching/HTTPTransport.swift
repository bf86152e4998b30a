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
        // The verifier has a deadline for the whole of a request; these let go of a connection that it has given up.
        let timeout = TimeAmount(options.requestTimeout)
        configuration.timeout = HTTPClient.Configuration.Timeout(connect: timeout, read: timeout)
        // A refused connection is an answer: when to try again is for the verifier to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        self.client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Without a verifier nobody waits for an answer; what is left is to close idle connections.
        _ = client.shutdown()
    }

    func get(_ request: TransportRequest) async throws -> TransportResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.headers.add(name: "accept", value: "application/json, application/jwk-set+json")
        outgoing.headers.add(name: "user-agent", value: "martlet-verifier")
        if let entityTag = request.entityTag { outgoing.headers.add(name: "if-none-match", value: entityTag) }
        let response = try await client.execute(outgoing, deadline: .distantFuture)
        let body = try await response.body.collect(upTo: request.maximumBytes)
        return TransportResponse(
            status: Int(response.status.code),
            cacheControl: response.headers["cache-control"],
            age: response.headers.first(name: "age"),
            entityTag: response.headers.first(name: "etag"),
            body: Array(body.readableBytesView)
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
