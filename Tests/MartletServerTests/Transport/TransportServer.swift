import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOSSL
import ProcessSupport
import ServiceLifecycle
import Testing

@testable import MartletServer

/// A running listener, for a test.
struct TransportServer {
    let address: ListenAddress
    let caFile: String
    let services: ServiceGroup

    var port: Int { address.port }

    func url(_ path: String, host: String = "localhost", scheme: String = "https") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    /// Runs a listener, and after `body` shuts it down and waits for its end.
    static func with<Value>(
        router: Router<AuthorityRequestContext> = .forTransportTests(),
        directly route: (any DirectRoute)? = nil,
        host: String = "localhost",
        port: Int = 0,
        isSecure: Bool = true,
        limits: ListenerLimits = .patient,
        logger: Logger = .silent,
        tls: TLSContext? = nil,
        _ body: (TransportServer) async throws -> Value
    ) async throws -> Value {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path + "/tls")
            var context = tls
            if isSecure, context == nil { context = try TLSContext(source: .localCA(authority), logger: logger) }
            let listener = try await AuthorityListener(
                address: ListenAddress(host: host, port: port), tls: context, limits: limits, logger: logger)
            let responder = router.buildResponder()
            let service = route.map { listener.serving(responder, directly: $0) } ?? listener.serving(responder)
            let services = ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [service], logger: .silent))
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                do {
                    let value = try await body(
                        TransportServer(address: listener.address, caFile: authority.caFile, services: services))
                    await services.triggerGracefulShutdown()
                    try await group.waitForAll()
                    return value
                } catch {
                    group.cancelAll()
                    throw error
                }
            }
        }
    }

    /// A client that trusts the local CA.
    func withClient<Value>(
        _ version: HTTPClient.Configuration.HTTPVersion = .automatic, connections: Int = 8,
        _ body: (HTTPClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = version
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        var tls = TLSConfiguration.makeClientConfiguration()
        if FileManager.default.fileExists(atPath: caFile) { tls.trustRoots = .file(caFile) }
        // A server that only writes does not answer a close: 5 s for each open stream, by default.
        tls.shutdownTimeout = .milliseconds(100)
        configuration.tlsConfiguration = tls
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await body(client)
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

extension ListenerLimits {
    /// No deadline but that of a connection's end is met, however slow the machine is.
    static var patient: ListenerLimits {
        var limits = ListenerLimits()
        for deadline in [
            \ListenerLimits.headDeadline, \.bodyDeadline, \.keepAlive, \.writeDeadline, \.shutdownDeadline,
        ] {
            limits[keyPath: deadline] = .seconds(600)
        }
        return limits
    }
}

/// A folder that goes with the test.
struct TemporaryFolder {
    let path: String

    static func with<Value>(_ body: (TemporaryFolder) async throws -> Value) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-transport-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(TemporaryFolder(path: path))
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path + "/" + name, encoding: .utf8)
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }

    func mode(_ name: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path + "/" + name)[.posixPermissions] as? Int) & 0o777
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension Router where Context == AuthorityRequestContext {
    /// `/hello` and `/direct` answer, `/echo` sends the body back, `/large` answers with 8 MiB, `/address` tells the client's.
    static func forTransportTests() -> Router {
        let router = Router(context: AuthorityRequestContext.self)
        router.get("hello") { _, _ in "hello" }
        // Leaves it to the transport to send no content.
        router.head("hello") { _, _ in "hello" }
        router.post("direct") { _, _ in "by the router" }
        router.get("address") { _, context in context.clientAddress }
        router.post("echo") { request, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: try await request.body.collect(upTo: .max)))
        }
        router.get("large") { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(repeating: 0x61, count: 8 << 20)))
        }
        router.get("fails") { _, _ -> String in throw UnexpectedFailure() }
        return router
    }
}

struct UnexpectedFailure: Error, CustomStringConvertible {
    var description: String { "what only the server may know" }
}

/// The outcome of a command.
struct CommandResult {
    let status: Int32
    /// What it wrote to standard output, and then what it wrote to standard error.
    let output: String

    /// Runs a command of the system with a closed standard input.
    static func of(_ command: String, _ arguments: [String]) async throws -> CommandResult {
        let outcome = try await ChildProcess.run([command] + arguments)
        return CommandResult(status: outcome.status, output: outcome.output + outcome.errors)
    }
}
