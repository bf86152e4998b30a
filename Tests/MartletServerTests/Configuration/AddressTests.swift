import MartletServer
import NIOCore
import Testing

struct AddressTests {
    @Test(arguments: [
        ("localhost:8443", "localhost", 8443, true), ("127.0.0.1:0", "127.0.0.1", 0, true),
        ("127.9.9.9:1", "127.9.9.9", 1, true), ("[::1]:443", "::1", 443, true), ("LOCALHOST:1", "LOCALHOST", 1, true),
        ("0.0.0.0:443", "0.0.0.0", 443, false), ("[::]:65535", "::", 65_535, false),
        ("auth.example.com:443", "auth.example.com", 443, false), ("128.0.0.1:1", "128.0.0.1", 1, false),
    ])
    func listenAddress(text: String, host: String, port: Int, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text: text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", ":", "localhost", "localhost:", ":8443", "::1:8443", "[::1]", "[::1:8443", "[localhost]:1", "a:65536",
        "a:+1",
        "a:-1", "a: 1", "a b:1", "[::1/64]:1", "https://a:1", "a:１",
    ])
    func noListenAddress(text: String) {
        #expect(ListenAddress(text: text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "203.0.113.9", true),
        ("192.0.2.128/25", "192.0.2.129", true), ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("::/0", "10.0.0.1", false), ("fd00::/8", "fdab::1", true), ("fd00::/8", "fe80::1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false), ("::1", "::1", true),
    ])
    func addressRange(range: String, address: String, contains: Bool) throws {
        let parsed = try #require(AddressRange(text: range))
        #expect(parsed.contains(try SocketAddress(ipAddress: address, port: 443)) == contains)
        #expect(parsed.description == range)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/8/8", "10.1.0.0/8", "::1/64", "::/129",
        "localhost",
        "10.0.0", "10.0.0.256",
    ])
    func noAddressRange(text: String) {
        #expect(AddressRange(text: text) == nil)
    }

    @Test func aUnixSocketIsInNoRange() throws {
        let everywhere = try #require(AddressRange(text: "0.0.0.0/0"))
        #expect(!everywhere.contains(try SocketAddress(unixDomainSocketPath: "/tmp/x")))
    }
}
