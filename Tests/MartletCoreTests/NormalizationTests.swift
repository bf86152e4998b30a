import Testing

@testable import MartletCore

struct NormalizationTests {
    /// UAX #15, and what Swift's `==` would hide: the scalars themselves.
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("e\u{301}", "\u{E9}"), ("\u{E9}", "\u{E9}"), ("\u{212B}", "\u{C5}"),
        ("A\u{30A}", "\u{C5}"), ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}"), ("q\u{307}\u{323}", "q\u{323}\u{307}"),
        ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"), ("\u{FB01}", "\u{FB01}"), ("\u{958}", "\u{915}\u{93C}"),
        ("\u{212A}", "K"), ("\u{1F468}\u{200D}\u{1F469}", "\u{1F468}\u{200D}\u{1F469}"),
    ])
    func isNFC(text: String, composed: String) {
        #expect(Array(text.inNormalizationFormC.unicodeScalars) == Array(composed.unicodeScalars))
    }

    @Test(arguments: [
        ("Alice", "alice"), ("ＡＬＩＣＥ", "alice"), ("ＺＯＥ\u{308}", "zo\u{EB}"), ("\u{212A}", "k"), ("ÉMILE", "émile"),
        ("a b", "a b"), ("İ", "i\u{307}"), ("ß", "ß"), ("名前", "名前"),
    ])
    func usernamesAreComparedByTheirKey(name: String, key: String) {
        #expect(Array(UsernameKey(name).text.unicodeScalars) == Array(key.unicodeScalars))
        // A key is its own key.
        #expect(UsernameKey(key).text == key)
    }
}
