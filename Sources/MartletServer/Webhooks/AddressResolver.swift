import Dispatch
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
    let addresses: @Sendable (_ host: String, _ port: Int) async throws(DeliveryFailureReason) -> [SocketAddress]

    /// The system's resolver. It blocks, so it has threads of its own.
    static let system = AddressResolver { host, port throws(DeliveryFailureReason) in
        let result: Result<[SocketAddress], DeliveryFailureReason> = await withCheckedContinuation { waiting in
            queue.async { waiting.resume(returning: lookUp(host, port)) }
        }
        return try result.get()
    }

    private static let queue = DispatchQueue(label: "martlet.webhooks.resolver", attributes: .concurrent)

    private static func lookUp(_ host: String, _ port: Int) -> Result<[SocketAddress], DeliveryFailureReason> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else {
            return .failure(
                DeliveryFailureReason(
                    "the name \(host) cannot be resolved: \(unsafe String(cString: gai_strerror(code)))"))
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

/// Why something could not be sent, in words.
struct DeliveryFailureReason: Error {
    let text: String

    init(_ text: String) {
        self.text = text
    }
}

extension SocketAddress {
    @unsafe fileprivate init?(_ entry: addrinfo, port: Int) {
        guard let start = unsafe entry.ai_addr else { return nil }
        let packed: ByteBuffer
        switch unsafe entry.ai_family {
        case AF_INET:
            packed = unsafe start.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                unsafe withUnsafeBytes(of: address.pointee.sin_addr) { unsafe ByteBuffer(bytes: $0) }
            }
        case AF_INET6:
            packed = unsafe start.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                unsafe withUnsafeBytes(of: address.pointee.sin6_addr) { unsafe ByteBuffer(bytes: $0) }
            }
        default: return nil
        }
        guard let address = try? SocketAddress(packedIPAddress: packed, port: port) else { return nil }
        self = address
    }
}
