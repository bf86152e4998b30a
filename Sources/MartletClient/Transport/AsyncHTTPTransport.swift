#if !canImport(Darwin)
import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The transport on Linux, by async-http-client.
package final class AsyncHTTPTransport: HTTPTransport {
    private let client: HTTPClient

    /// - Throws: ``MartletClientError/Code/invalidCertificates``.
    init(options: ClientOptions) throws(MartletClientError) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(options.connectTimeout)
        configuration.connectionPool.idleTimeout = .seconds(30)
        // A renewal has its own pauses; here a refused connection is told at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let path = options.trustedCertificates {
            var tls = TLSConfiguration.makeClientConfiguration()
            do {
                let certificates = try NIOSSLCertificate.fromPEMFile(path)
                guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
                tls.trustRoots = .certificates(certificates)
            } catch {
                throw MartletClientError(
                    .invalidCertificates,
                    "The certificates to trust cannot be read from \(path). It has to be a PEM file.",
                    detail: "\(error)")
            }
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Its connections close in the background; whoever drops a client does not wait for that.
        client.shutdown { _ in }
    }

    package func send(_ request: OutgoingRequest) async throws -> ClientResponse {
        let head = request.head
        var outgoing = HTTPClientRequest(
            url: "\(head.scheme ?? "https")://\(head.authority ?? "")\(head.path ?? "/")")
        outgoing.method = .RAW(value: head.method.rawValue)
        for field in head.headerFields {
            outgoing.headers.add(name: field.name.rawName, value: field.value)
        }
        if !request.body.isEmpty {
            outgoing.body = .stream(
                LateBody(head: head, bytes: request.body, mayBeSent: request.mayBeSent),
                length: .known(Int64(request.body.count)))
        } else if !request.mayBeSent() {
            throw TransportFailure(
                .tooLate, to: head, detail: "the deadline had passed before the request could be sent")
        }
        do {
            let (response, buffer) = try await request.withinTimeout { [client, outgoing] in
                let response = try await client.execute(outgoing, timeout: TimeAmount(request.timeout))
                return (response, try await response.body.collect(upTo: request.maximumResponseBytes))
            }
            var fields = HTTPFields()
            for (name, value) in response.headers {
                guard let name = HTTPField.Name(name) else { continue }
                fields.append(HTTPField(name: name, value: value))
            }
            return ClientResponse(
                head: HTTPResponse(status: .init(code: Int(response.status.code)), headerFields: fields),
                body: Array(buffer.readableBytesView))
        } catch let failure as TransportFailure {
            throw failure
        } catch is NIOTooManyBytesError {
            throw TransportFailure(.answerTooLarge, to: head, detail: "more than \(request.maximumResponseBytes) bytes")
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(.init(error), to: head, detail: "\(error)")
        }
    }
}

/// A body that is asked for once the connection stands, and says no when that took too long: a suspended machine
/// may wake up with the request still waiting for its connection.
private struct LateBody: AsyncSequence, Sendable {
    let head: HTTPRequest
    let bytes: [UInt8]
    let mayBeSent: @Sendable () -> Bool

    struct AsyncIterator: AsyncIteratorProtocol {
        var body: LateBody?

        mutating func next() async throws -> ByteBuffer? {
            guard let body else { return nil }
            self.body = nil
            guard body.mayBeSent() else {
                throw TransportFailure(
                    .tooLate, to: body.head, detail: "the deadline had passed before the request could be sent")
            }
            return ByteBuffer(bytes: body.bytes)
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: self)
    }
}

extension TransportFailure.Kind {
    /// What an error of the libraries means.
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            // One for each address that was tried; localhost has two.
            let kinds = error.connectionErrors.map { Self($0.error) }
            self = kinds.contains(.refused) ? .refused : kinds.last ?? .unknownHost
        case is SocketAddressError.UnknownHost:
            self = .unknownHost
        case let error as IOError:
            self.init(systemError: error.errnoCode)
        case ChannelError.connectTimeout:
            self = .timedOut
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.inputClosed, ChannelError.alreadyClosed:
            self = .closed
        case let error as HTTPClientError:
            self.init(error)
        case is HTTPParserError:
            self = .noHTTP
        case NIOSSLError.uncleanShutdown:
            self = .closed
        case NIOSSLError.handshakeFailed:
            // The library's words have no types of their own.
            self = "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? .untrusted : .noTLS
        case NIOSSLError.noCertificateToValidate, NIOSSLError.unableToValidateCertificate:
            self = .untrusted
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self = .otherHost
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self = .noTLS
        default:
            self = .unreachable
        }
    }

    private init(_ error: HTTPClientError) {
        switch error {
        case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout,
            .tlsHandshakeTimeout:
            self = .timedOut
        case .remoteConnectionClosed, .uncleanShutdown:
            self = .closed
        default:
            self = .unreachable
        }
    }

    private init(systemError code: CInt) {
        switch code {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, ECONNABORTED, EPIPE: self = .closed
        case ETIMEDOUT: self = .timedOut
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN: self = .noRoute
        default: self = .unreachable
        }
    }
}
#endif
