/// Where a request goes: scheme, host and port (RFC 6454 §4).
struct Origin: Hashable, Sendable {
    let scheme: String
    /// In lower case; IPv6 addresses in brackets.
    let host: String
    let port: Int

    /// Reads the authority of a URL. Only what every URL parser understands alike is taken: no user information, no
    /// escapes, no characters outside ASCII.
    init?(scheme: String, authority: String) {
        let scheme = scheme.lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        var host = authority.lowercased()
        var port = scheme == "https" ? 443 : 80
        if let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") {
            let digits = host[host.index(after: colon)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits), (1...65_535).contains(number)
            else { return nil }
            port = number
            host = String(host[..<colon])
        }
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.count > 2,
                host.dropFirst().dropLast().utf8.allSatisfy({
                    (0x30...0x3A).contains($0) || (0x61...0x66).contains($0) || $0 == UInt8(ascii: ".")
                })
            else { return nil }
        } else {
            guard !host.isEmpty,
                host.utf8.allSatisfy({
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: ".")
                        || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                })
            else { return nil }
        }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Whether it is this machine, whose traffic nobody else reads.
    var isLoopback: Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return host == "localhost" || host == "[::1]"
            || (octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil })
    }

    /// The authority, without the scheme's own port.
    var authority: String {
        port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)"
    }
}

extension Origin: CustomStringConvertible {
    var description: String { "\(scheme)://\(authority)" }
}

/// A URL in two parts: where it goes, and what is asked for there.
struct Location: Hashable, Sendable {
    let origin: Origin
    /// The path and the query; begins with `/`.
    let target: String

    /// - Parameter url: absolute, with `https` or `http`.
    /// - Throws: ``MartletClientError/Code/invalidURL``.
    init(_ url: String) throws(MartletClientError) {
        guard let schemeEnd = url.firstRange(of: "://") else { throw Self.invalid(url) }
        let rest = url[schemeEnd.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        guard
            let origin = Origin(
                scheme: String(url[..<schemeEnd.lowerBound]), authority: String(rest[..<authorityEnd]))
        else { throw Self.invalid(url) }
        let target = rest[authorityEnd...]
        try self.init(origin: origin, target: target.hasPrefix("/") ? String(target) : "/" + target)
    }

    init(origin: Origin, target: String) throws(MartletClientError) {
        guard target.hasPrefix("/"),
            target.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") }
            )
        else { throw Self.invalid("\(origin)\(target)") }
        self.origin = origin
        self.target = target
    }

    private static func invalid(_ url: String) -> MartletClientError {
        // A query may hold secrets.
        let shown = url.prefix { $0 != "?" }
        return MartletClientError(
            .invalidURL,
            "\(shown) is not a URL that can be used. Write https://host, https://host:port or https://host/path, in "
                + "ASCII and without a user name or fragment.")
    }
}

extension Location: CustomStringConvertible {
    var description: String { "\(origin)\(target)" }
}
