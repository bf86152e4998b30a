import AsyncHTTPClient
import MartletCore
import MartletProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Posts to endpoints, and to nobody else: the host is resolved here, each time, each of its addresses has to be one
/// that may be sent to, and the connection is made to one of those. Redirects are not followed, and no proxy is asked.
final class WebhookSender: Sendable {
    /// Of an answer more is not read.
    static let longestAnswer = 4_096
    /// How many hosts keep a connection.
    static let mostClients = 64

    private struct Place: Hashable {
        let host: String
        let address: [UInt8]
    }

    private let allowsPrivateTargets: Bool
    private let timeout: Duration
    private let tls: TLSConfiguration
    private let resolver: AddressResolver
    private let clock: Clock
    /// Those that were used last are at the end.
    private let clients = Mutex<[(place: Place, client: KeptClient)]>([])

    /// - Throws: `TransportError` where the certificates to trust cannot be read.
    init(
        _ options: WebhookOptions, allowsPrivateTargets: Bool, resolver: AddressResolver = .system,
        clock: Clock = .system
    ) throws(TransportError) {
        self.allowsPrivateTargets = allowsPrivateTargets
        timeout = options.timeout
        self.resolver = resolver
        self.clock = clock
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let path = options.trustedCertificates {
            tls.additionalTrustRoots = [.certificates(try Self.certificates(path))]
        }
        self.tls = tls
    }

    private static func certificates(_ path: String) throws(TransportError) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw TransportError(
                .certificateInvalid,
                "webhooks.trustedCertificates is \(path), which has to be a readable PEM file of certificates")
        }
        return certificates
    }

    /// Posts.
    ///
    /// - Throws: where there was no answer.
    func send(_ request: WebhookRequest) async throws(DeliveryFailure) -> WebhookAnswer {
        let result = await within(timeout) { () -> Result<WebhookAnswer, DeliveryFailure> in
            do throws(DeliveryFailure) {
                return .success(try await self.sendInTime(request))
            } catch {
                return .failure(error)
            }
        }
        guard let result else { throw DeliveryFailure(.retry, "no answer within \(timeout.text)") }
        return try result.get()
    }

    private func sendInTime(_ request: WebhookRequest) async throws(DeliveryFailure) -> WebhookAnswer {
        let addresses = try await checkedAddresses(of: request.url)
        var failure = DeliveryFailure(.retry, "the name \(request.url.host) has no address")
        for address in addresses.prefix(4) {
            do {
                return try await post(request, to: address)
            } catch let error where error.isOfConnecting {
                // Nothing was sent yet, so the next address may be asked.
                failure = DeliveryFailure(
                    .retry, "no connection to \(address.ipAddress ?? "") port \(request.url.port): \(error.words)")
            } catch {
                throw DeliveryFailure(.retry, "the request failed: \(error.words)")
            }
        }
        throw failure
    }

    private func checkedAddresses(of url: WebhookURL) async throws(DeliveryFailure) -> [SocketAddress] {
        let addresses = try await resolver.addresses(url.host, url.port)
        if !allowsPrivateTargets, let refused = addresses.first(where: { !TargetAddress.isPublic($0) }) {
            throw DeliveryFailure(
                .retry,
                "\(url.host) has the address \(refused.ipAddress ?? "unknown"), which is not public; "
                    + "webhooks.allowPrivateTargets would allow it")
        }
        guard url.isTLS || (allowsPrivateTargets && addresses.allSatisfy(TargetAddress.isLoopback)) else {
            throw DeliveryFailure(.retry, "\(url.host) is not this machine, so it has to be asked by https")
        }
        return addresses
    }

    private func post(_ request: WebhookRequest, to address: SocketAddress) async throws -> WebhookAnswer {
        var outgoing = HTTPClientRequest(url: request.url.text)
        outgoing.method = .POST
        outgoing.headers.add(name: "user-agent", value: "martlet-webhooks")
        for (name, value) in request.fields { outgoing.headers.add(name: name, value: value) }
        outgoing.body = .bytes(ByteBuffer(bytes: request.body))
        let kept = client(for: request.url, at: address)
        // To the end of the body, whoever takes its place meanwhile.
        defer { withExtendedLifetime(kept) {} }
        let response = try await kept.client.execute(outgoing, deadline: .now() + TimeAmount(timeout))
        let retryAfter = response.headers.first(name: "retry-after").flatMap { delay($0) }
        return WebhookAnswer(
            status: Int(response.status.code), retryAfter: retryAfter, body: await beginning(of: response.body))
    }

    /// The answer's status counts, also where its body does not come to an end.
    private func beginning(of body: HTTPClientResponse.Body) async -> [UInt8] {
        let read = Mutex<[UInt8]>([])
        _ = await within(.seconds(2)) {
            do {
                for try await part in body {
                    let count = read.withLock { bytes in
                        bytes += part.readableBytesView.prefix(Self.longestAnswer - bytes.count)
                        return bytes.count
                    }
                    if count >= Self.longestAnswer { break }
                }
            } catch {
                // What came is what there is.
            }
        }
        return read.withLock { $0 }
    }

    /// A client that connects this host to this address, and to no other.
    private func client(for url: WebhookURL, at address: SocketAddress) -> KeptClient {
        let place = Place(host: url.host, address: address.ipBytes)
        // What is surplus is let go outside the lock, since that may shut it down.
        let (client, _) = clients.withLock { clients -> (KeptClient, KeptClient?) in
            let found = clients.firstIndex { $0.place == place }.map { clients.remove(at: $0) }
            let client = found?.client ?? makeClient(for: url, at: address)
            clients.append((place, client))
            return (client, clients.count > Self.mostClients ? clients.removeFirst().client : nil)
        }
        return client
    }

    private func makeClient(for url: WebhookURL, at address: SocketAddress) -> KeptClient {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout = HTTPClient.Configuration.Timeout(connect: min(TimeAmount(timeout), .seconds(5)))
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.retryConnectionEstablishment = false
        // Certificates are checked for the name all the same.
        if let text = address.ipAddress {
            for name in url.writtenHosts { configuration.dnsOverride[name] = text }
        }
        let expected = address.ipBytes
        configuration.http1_1ConnectionDebugInitializer = { channel in
            // Before anything is sent: whatever became of the override, it is the address that was checked.
            guard channel.remoteAddress?.ipBytes == expected else {
                return channel.eventLoop.makeFailedFuture(UncheckedAddress())
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return KeptClient(HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration))
    }

    /// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
    private func delay(_ text: String) -> Duration? {
        if let seconds = Int64(text), (0...1_000_000_000).contains(seconds) { return .seconds(seconds) }
        return HTTPDate.read(text).map { max(.zero, $0 - clock.now) }
    }
}

/// A client that its place and each request under way keep. The last of them to let go shuts it down: that cancels
/// requests, and one that is cancelled is sent again.
private final class KeptClient: Sendable {
    let client: HTTPClient

    init(_ client: HTTPClient) {
        self.client = client
    }

    deinit {
        // It keeps itself until that is done.
        _ = client.shutdown()
    }
}

/// The connection leads to another address than the one that was looked at.
private struct UncheckedAddress: Error, CustomStringConvertible {
    var description: String { "the connection leads to another address than the one that was checked" }
}

extension Error {
    /// Whether there was no connection yet.
    fileprivate var isOfConnecting: Bool {
        switch self {
        case is NIOConnectionError, is ChannelError: true
        // How it is told where there is one address only.
        case let error as IOError: [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT].contains(error.errnoCode)
        case let error as HTTPClientError: error == .connectTimeout
        default: false
        }
    }

    fileprivate var words: String {
        switch self {
        case let error as NIOConnectionError:
            error.connectionErrors.last.map { "\($0.error)" } ?? "no address answered"
        case let error as IOError: reason(error.errnoCode)
        case let error as HTTPClientError where error == .connectTimeout: "no answer"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "the connection was closed"
        default: "\(self)"
        }
    }
}
