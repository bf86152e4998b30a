import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ListenAddress {
    /// The socket addresses to listen on: for `localhost` both 127.0.0.1 and ::1, since clients try either first.
    ///
    /// Another name is looked up, which may block.
    func socketAddresses() throws -> [SocketAddress] {
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
                .addressUnavailable, "the host \"\(host)\" has no address; choose another with --listen")
        }
    }

    /// What to say when a socket cannot be bound.
    static func bindFailure(_ error: any Error, at address: SocketAddress) -> TransportError {
        let place = ListenAddress(host: address.ipAddress ?? "", port: address.port ?? 0)
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            return TransportError(
                .addressTaken, "\(place) is taken by another process; choose another with --listen")
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            return TransportError(
                .addressUnavailable, "this machine has no address \(place.host); choose another with --listen")
        case EACCES, EPERM:
            return TransportError(
                .addressForbidden,
                "this process may not listen on \(place); choose a port from 1024 up with --listen, or allow it")
        default:
            return TransportError(.addressUnavailable, "cannot listen on \(place): \(error)")
        }
    }
}
