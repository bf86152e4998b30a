import Foundation
import NIOCore
import NIOPosix
import ProcessSupport
import Testing

/// An nginx on loopback, in a folder of its own, until it is let go.
final class Nginx: Sendable {
    let url: String
    private let process: ChildProcess

    /// The program that `MARTLET_NGINX` names, else the one that `Scripts/install.sh --tests` fetched, else the
    /// system's; nil where there is none.
    static let path: String? = {
        let environment = ProcessInfo.processInfo.environment
        let package = URL(filePath: #filePath).appending(path: "../../../..").standardized
        let candidates =
            [
                environment["MARTLET_NGINX"],
                package.appending(path: ".nginx/usr/sbin/nginx").path(percentEncoded: false),
            ]
            + (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/nginx" }
        return candidates.compactMap { $0 }.first(where: FileManager.default.isExecutableFile)
    }()

    static let isWanted = path != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    /// - Parameters:
    ///   - folder: where it keeps what it keeps.
    ///   - configuration: what it is to do on a port of 127.0.0.1.
    init(in folder: TemporaryFolder, _ configuration: (_ port: Int) throws -> String) async throws {
        let program = try #require(Self.path, "there is no nginx: run Scripts/install.sh --tests")
        let name = "nginx-\(UUID().uuidString)"
        let prefix = folder(name)
        try FileManager.default.createDirectory(atPath: prefix, withIntermediateDirectories: false)
        var attempts = 0
        while true {
            attempts += 1
            let port = try await Self.freePort()
            let file = try folder.write("\(name)/nginx.conf", configuration(port))
            let errors = try folder.write("\(name)/errors", "")
            // One process, which ends with its id.
            let process = try ChildProcess(
                [
                    program, "-p", prefix, "-c", file, "-e", "stderr",
                    "-g", "daemon off; master_process off; pid \(prefix)/pid;",
                ], errors: FileHandle(forWritingTo: URL(filePath: errors)))
            do {
                try await eventually("nginx answers") {
                    guard process.isRunning else {
                        throw NotInTime(
                            description: "nginx: \((try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")")
                    }
                    return await Self.answers(port)
                }
                self.process = process
                url = "http://127.0.0.1:\(port)"
                return
            } catch {
                // Somebody else may have taken the port.
                guard attempts < 5, "\(error)".contains("bind()") else { throw error }
            }
        }
    }

    /// A port that was free a moment ago.
    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        try await channel.close()
        return port
    }

    private static func answers(_ port: Int) async -> Bool {
        let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        try? await channel?.close()
        return channel != nil
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that run ``Nginx``.
    static var nginx: Self {
        .enabled(if: Nginx.isWanted, "there is no nginx: run Scripts/install.sh --tests, or set MARTLET_NGINX")
    }
}
