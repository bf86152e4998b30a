import Dispatch
import MartletCore
import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Looks up the addresses of a host, all of them, in the system's order.
struct AddressResolver: Sendable {
    let addresses: @Sendable (_ host: String, _ port: Int) async throws(DeliveryFailure) -> [SocketAddress]

    /// The system's resolver. It blocks, so it has threads of its own.
    static let system = AddressResolver { host, port throws(DeliveryFailure) in
        let result: Result<[SocketAddress], DeliveryFailure> = await withCheckedContinuation { waiting in
            queue.async { waiting.resume(returning: lookUp(host, port)) }
        }
        return try result.get()
    }

    private static let queue = DispatchQueue(label: "martlet.webhooks.resolver", attributes: .concurrent)

    private static func lookUp(_ host: String, _ port: Int) -> Result<[SocketAddress], DeliveryFailure> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
        unsafe hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else {
            return .failure(
                DeliveryFailure(
                    .retry, "the name \(host) cannot be resolved: \(unsafe String(cString: gai_strerror(code)))"))
        }
        defer { unsafe freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        var next = unsafe first
        while let entry = unsafe next {
            if let address = unsafe SocketAddress(entry.pointee, port: port), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return .success(addresses)
    }
}

extension SocketAddress {
    @unsafe fileprivate init?(_ entry: addrinfo, port: Int) {
        guard let start = unsafe entry.ai_addr else { return nil }
        // Where the address stands in sockaddr_in and sockaddr_in6, on every system that we run on.
        let place: Range<Int>
        switch unsafe entry.ai_family {
        case AF_INET: place = 4..<8
        case AF_INET6: place = 8..<24
        default: return nil
        }
        let packed = unsafe ByteBuffer(bytes: UnsafeRawBufferPointer(start: start, count: place.upperBound)[place])
        guard let address = try? SocketAddress(packedIPAddress: packed, port: port) else { return nil }
        self = address
    }
}
