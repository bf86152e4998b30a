import MartletCore
import MartletProtocol
import NIOCore
import Testing

@testable import MartletServer

struct TargetAddressTests {
    @Test(arguments: [
        "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
        "192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
        "64:ff9b::808:808",
    ])
    func isPublic(text: String) throws {
        #expect(TargetAddress.isPublic(try SocketAddress(ipAddress: text, port: 443)))
    }

    @Test(arguments: [
        // Unspecified, private, carrier NAT, loopback, link-local with the clouds' metadata, and special ones.
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
        "127.0.0.1", "127.9.9.9", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
        "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        // Multicast, reserved, broadcast.
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1", "3fff::1",
        "2001::1", "2001:10::1", "5f00::1", "4000::1",
        // IPv4 in the clothes of IPv6: mapped, compatible, 6to4, translated.
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1",
        "2002:7f00:1::1", "2002:a00:1::", "2002:808:808::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
    ])
    func isNotPublic(text: String) throws {
        #expect(!TargetAddress.isPublic(try SocketAddress(ipAddress: text, port: 443)))
    }

    @Test func aSocketOfThisMachineIsNotPublic() throws {
        #expect(!TargetAddress.isPublic(try SocketAddress(unixDomainSocketPath: "/tmp/x")))
    }

    /// The system's resolver takes addresses in forms that no list of texts would think of.
    @Test(arguments: ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "localhost", "::1"])
    func whateverItIsCalledItIsLookedAtByItsAddress(host: String) async throws {
        let addresses = try await AddressResolver.system.addresses(host, 443)
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { !TargetAddress.isPublic($0) && TargetAddress.isLoopback($0) && $0.port == 443 })
        #expect(Set(addresses.map(\.ipAddress)).count == addresses.count)
    }

    @Test func aNameWithoutAnAddressIsSaidToHaveNone() async {
        let error = await #expect(throws: DeliveryFailure.self) {
            try await AddressResolver.system.addresses("nowhere.invalid", 443)
        }
        #expect(error?.reason.contains("nowhere.invalid cannot be resolved") == true)
    }

    @Test func datesOfAnswersAreRead() {
        #expect(HTTPDate.read("Sun, 06 Nov 1994 08:49:37 GMT")?.seconds == 784_111_777)
        for text in [
            "", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "a b c d e GMT",
        ] {
            #expect(HTTPDate.read(text) == nil, "\(text)")
        }
    }
}
