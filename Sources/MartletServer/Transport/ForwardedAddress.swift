import HTTPTypes
public import Hummingbird
import NIOCore

/// Takes the client's address from `Forwarded` (RFC 7239) or `X-Forwarded-For`, where a trusted proxy sent the request.
///
/// The chain is read from the right, where the nearest proxy writes: the client is the first address that is not a
/// trusted proxy. What stands further left was sent by the client and proves nothing. A hop that is not an address
/// (`unknown`, `_hidden`) ends the reading at the last proxy that is known. Where both header fields are there and
/// disagree, a client may have written the one that the proxy does not use, so neither counts.
public struct ForwardedAddress: RouterMiddleware {
    private let trustedProxies: [AddressRange]

    /// - Parameter trustedProxies: the proxies whose word counts; none by default of the server.
    public init(trustedProxies: [AddressRange]) {
        self.trustedProxies = trustedProxies
    }

    public func handle(
        _ request: Request, context: AuthorityRequestContext,
        next: @concurrent (Request, AuthorityRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let client = client(of: request.headers, peer: context.peer) else {
            return try await next(request, context)
        }
        var context = context
        context.forwardedAddress = client
        return try await next(request, context)
    }

    /// The client that the header fields name; nil where the peer is no trusted proxy.
    func client(of headers: HTTPFields, peer: SocketAddress?) -> SocketAddress? {
        guard !trustedProxies.isEmpty, let peer, isTrusted(peer) else { return nil }
        return client(
            peer: peer, forwarded: headers[values: .forwarded], xForwardedFor: headers[values: .xForwardedFor])
    }

    /// The client behind a trusted peer.
    func client(peer: SocketAddress, forwarded: [String], xForwardedFor: [String]) -> SocketAddress {
        switch (forwarded.isEmpty, xForwardedFor.isEmpty) {
        case (true, true):
            return peer
        case (false, true):
            return client(peer: peer, hops: Self.hops(forwarded: forwarded))
        case (true, false):
            return client(peer: peer, hops: Self.hops(xForwardedFor: xForwardedFor))
        case (false, false):
            let first = client(peer: peer, hops: Self.hops(forwarded: forwarded))
            let second = client(peer: peer, hops: Self.hops(xForwardedFor: xForwardedFor))
            return first == second ? first : peer
        }
    }

    private func client(peer: SocketAddress, hops: [SocketAddress?]) -> SocketAddress {
        var known = peer
        for hop in hops.reversed() {
            guard let hop else { return known }
            guard isTrusted(hop) else { return hop }
            known = hop
        }
        return known
    }

    private func isTrusted(_ address: SocketAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }

    /// `203.0.113.7, 10.0.0.1`; some proxies add a port or brackets.
    static func hops(xForwardedFor values: [String]) -> [SocketAddress?] {
        values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { node($0) }
    }

    /// `for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"`.
    ///
    /// An element without `for`, or with two, is a hop that is not known.
    static func hops(forwarded values: [String]) -> [SocketAddress?] {
        values.flatMap { split($0, at: ",") }.map { element in
            let parameters = split(element, at: ";").map { parameter in
                parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            }
            let nodes = parameters.filter { $0.count == 2 && trimmed($0[0]).lowercased() == "for" }
            guard nodes.count == 1 else { return nil }
            return node(unquoted(trimmed(nodes[0][1])))
        }
    }

    /// An address with or without a port, in brackets for IPv6 with a port.
    private static func node(_ text: some StringProtocol) -> SocketAddress? {
        let text = trimmed(text)
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            return address(text[text.index(after: text.startIndex)..<end])
        }
        if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            return isPort(text[colon...]) ? address(text[..<colon]) : nil
        }
        return address(text)
    }

    /// Digits, dots and colons only: the system's reader would take a zone, and would stop at a NUL.
    private static func address(_ text: Substring) -> SocketAddress? {
        guard text.utf8.allSatisfy({ $0.isHexadecimalDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") })
        else { return nil }
        return try? SocketAddress(ipAddress: String(text), port: 0)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && text.count > 1 && UInt16(text.dropFirst()) != nil
    }

    /// Splits at a separator that is not inside a quoted string.
    private static func split(_ text: some StringProtocol, at separator: Character) -> [Substring] {
        let text = Substring(text)
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, text[index] == "\\" {
                isEscaped = true
            } else if text[index] == "\"" {
                isQuoted.toggle()
            } else if text[index] == separator, !isQuoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }

    private static func trimmed(_ text: some StringProtocol) -> Substring {
        var text = Substring(text)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> Substring {
        text.count >= 2 && text.first == "\"" && text.last == "\"" ? text.dropFirst().dropLast() : text
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
}

extension HTTPField.Name {
    fileprivate static let forwarded = HTTPField.Name("Forwarded")!
    fileprivate static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
}
