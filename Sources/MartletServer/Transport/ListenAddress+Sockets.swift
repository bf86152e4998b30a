import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ListenAddress {
    /// What to do where the main listener's address cannot be used.
    @usableFromInline static let advice = "choose another with --listen"

    /// The socket addresses to listen on: for `localhost` both 127.0.0.1 and ::1, since clients try either first.
    ///
    /// Another name is looked up, which may block.
    func socketAddresses(advice: String = advice) throws -> [SocketAddress] {
        if host.lowercased() == "localhost" {
            return [
                try SocketAddress(ipAddress: "127.0.0.1", port: port), try SocketAddress(ipAddress: "::1", port: port),
            ]
        }
        if let address = try? SocketAddress(ipAddress: host, port: port) { return [address] }
        do {
            return [try SocketAddress.makeAddressResolvingHost(host, port: port)]
        } catch {
            throw TransportError(
                .addressUnavailable, "the host \"\(host)\" has no address; \(advice)")
        }
    }

    /// What to say when a socket cannot be bound.
    static func bindFailure(_ error: any Error, at address: SocketAddress, advice: String = advice) -> TransportError {
        let place = ListenAddress(host: address.ipAddress ?? "", port: address.port ?? 0)
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            return TransportError(
                .addressTaken, "\(place) is taken by another process; \(advice)")
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            return TransportError(
                .addressUnavailable, "this machine has no address \(place.host); \(advice)")
        case EACCES, EPERM:
            return TransportError(
                .addressForbidden,
                "this process may not listen on \(place), as it may from port 1024 up; allow it, or \(advice)")
        default:
            return TransportError(.addressUnavailable, "cannot listen on \(place): \(error)")
        }
    }
}
