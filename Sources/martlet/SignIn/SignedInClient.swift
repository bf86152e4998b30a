import ArgumentParser
import MartletClient

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension MartletClient {
    static let commandUserAgent = "martlet/\(MartletCommand.configuration.version)"

    /// The client of the sign-in that `login` kept.
    ///
    /// - Parameter allowedOrigins: whom else to give the access token.
    static func ofLogin(allowedOrigins: [String] = []) async throws -> MartletClient {
        guard let client = try await ofLoginIfAny(allowedOrigins: allowedOrigins) else {
            throw CommandFailure("Nobody is signed in. Sign in with: martlet login --server URL")
        }
        return client
    }

    /// - Returns: nil where nobody is signed in.
    static func ofLoginIfAny(allowedOrigins: [String] = []) async throws -> MartletClient? {
        let folder = try LoginFolder(environment: ProcessInfo.processInfo.environment)
        let store = FileTokenStore(path: folder.sessionPath)
        guard let saved = try await store.load() else { return nil }
        return try MartletClient(
            server: saved.server, client: saved.client, store: store,
            options: ClientOptions(
                trustedCertificates: folder.certificates, allowedOrigins: allowedOrigins, userAgent: commandUserAgent))
    }
}
