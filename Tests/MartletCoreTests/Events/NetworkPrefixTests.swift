import MartletCore
import Testing

struct NetworkPrefixTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.200", true), ("192.0.2.1", "192.0.3.1", false),
        ("2001:db8:1:2::1", "2001:DB8:1:2:ffff::2", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("2001:db8::1", "2001:db8:0:0:5::1", true), ("::1", "0:0:0:0:0:0:0:2", true),
        ("2001:0db8::1", "2001:db8::2", true), ("::ffff:192.0.2.1", "::2", true),
        ("192.0.2.1", "", false), ("here", "here", true), ("here", "there", false), ("1:2", "1:3", false),
    ])
    func aNetworkIsTold(one: String, other: String, isSame: Bool) {
        #expect((NetworkPrefix(one) == NetworkPrefix(other)) == isSame)
    }
}
