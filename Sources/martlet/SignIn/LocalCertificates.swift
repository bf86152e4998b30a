import MartletServer

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The certificate of the local CA that a `martlet serve` in this folder has made.
enum LocalCertificates {
    /// - Returns: its path, where the server can be that one.
    static func path(for server: String) -> String? {
        let path = "./martlet-data/tls/ca.pem"
        guard isLoopback(server), unsafe access(path, R_OK) == 0 else { return nil }
        return path
    }

    private static func isLoopback(_ server: String) -> Bool {
        guard let scheme = server.firstRange(of: "://") else { return false }
        let authority = server[scheme.upperBound...].prefix { $0 != "/" }
        return (ListenAddress(text: authority) ?? ListenAddress(text: "\(authority):443"))?.isLoopback ?? false
    }
}
