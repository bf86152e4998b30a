import ArgumentParser
import MartletProtocol
import NIOCore
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

/// Opens many streams at once, and measures how long that takes and how long a change takes to all of them. Between
/// the two it waits for a line on standard input, so that the server can be looked at while nothing happens.
struct Streams: AsyncParsableCommand {
    @OptionGroup var options: ServerOptions
    @Option(help: "How many streams.") var count = 1_000

    func run() async throws {
        let (host, port) = try address()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(options.ca)
        let context = try NIOSSLContext(configuration: tls)
        let options = options
        let count = count
        try await API.with(options) { api in
            let admin = try await api.admin()
            let token = try await api.reader()
            let request =
                "GET /v1/revocations/stream HTTP/1.1\r\nHost: \(host):\(port)\r\nAuthorization: Bearer \(token)\r\n\r\n"
            let seen = Seen()
            let marker = "burst-\(UInt64.random(in: 0 ... .max))"
            var channels: [any Channel] = []
            let start = ContinuousClock.now
            for _ in 0..<count {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let pipeline = channel.pipeline.syncOperations
                            try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                            try pipeline.addHandler(StreamHandler(marker: marker, seen: seen))
                        }
                    }.connect(host: host, port: port).get()
                try await channel.writeAndFlush(ByteBuffer(string: request))
                channels.append(channel)
            }
            try await seen.wait(for: count, \.snapshots)
            let opened = ContinuousClock.now - start
            print("opened", opened.milliseconds)
            fflush(nil)
            _ = readLine()
            let asked = ContinuousClock.now
            try await api.revoke(.token, marker, as: admin)
            try await seen.wait(for: count, \.changes)
            print("told", (ContinuousClock.now - asked).milliseconds, "lost", seen.counts.ended)
            fflush(nil)
            for channel in channels { channel.close(promise: nil) }
        }
    }

    private func address() throws -> (String, Int) {
        let parts = options.server.split(separator: "/").last?.split(separator: ":") ?? []
        guard parts.count == 2, let port = Int(parts[1]) else { throw ValidationError("--server is https://HOST:PORT") }
        return (String(parts[0]), port)
    }
}

/// What all streams together have seen.
private final class Seen: Sendable {
    struct Counts {
        var snapshots = 0
        var changes = 0
        var ended = 0
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func count(_ what: any WritableKeyPath<Counts, Int> & Sendable) {
        state.withLock { $0[keyPath: what] += 1 }
    }

    func wait(for count: Int, _ what: any KeyPath<Counts, Int> & Sendable) async throws {
        let start = ContinuousClock.now
        while counts[keyPath: what] < count {
            guard counts.ended == 0, ContinuousClock.now - start < .seconds(60) else {
                throw API.Failure(description: "\(counts) of \(count)")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

/// Looks for the first event, and for an entry, without taking the stream apart.
private final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let marker: [UInt8]
    private let seen: Seen
    /// The end of what came before, in which something may have begun.
    private var rest: [UInt8] = []
    private var hasBegun = false
    private var hasSnapshot = false
    private var hasChange = false

    init(marker: String, seen: Seen) {
        self.marker = Array(marker.utf8)
        self.seen = seen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = rest + Array(buffer: unwrapInboundIn(data))
        if !hasBegun { hasBegun = bytes.firstRange(of: Array("event: snapshot".utf8)) != nil }
        if hasBegun, !hasSnapshot, bytes.firstRange(of: Array("\n\n".utf8)) != nil {
            hasSnapshot = true
            seen.count(\.snapshots)
        }
        if !hasChange, bytes.firstRange(of: marker) != nil {
            hasChange = true
            seen.count(\.changes)
        }
        rest = Array(bytes.suffix(256))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !hasChange { seen.count(\.ended) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
