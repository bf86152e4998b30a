import MartletCore
import Testing

struct WebOriginTests {
    @Test(arguments: [
        "https://app.example.com", "https://app.example.com:8443", "https://xn--mnchen-3ya.example",
        "https://127.0.0.1",
        "https://[::1]:8443", "https://localhost", "http://localhost:5173", "http://127.0.0.1:8080",
        "http://[::1]:3000",
    ])
    func isReadAsBrowsersWriteIt(text: String) {
        #expect(WebOrigin(text)?.text == text)
    }

    @Test(arguments: [
        "", "null", "*", "https://", "https://app.example.com/", "https://app.example.com/path",
        "https://App.example.com",
        "https://app.example.com:443", "http://localhost:80", "https://app.example.com:0",
        "https://app.example.com:65536",
        "https://app.example.com:", "https://app.example.com:08443", "https://user@app.example.com",
        "http://app.example.com", "ftp://app.example.com", "app.example.com", "https://*.example.com",
        "https://münchen.example", "https://.example.com", "https://example.com.", "https://[::1", "https://[]",
        "https://a b", "https://app.example.com?x", "https://app.example.com#x", " https://app.example.com",
    ])
    func nothingElseIsOne(text: String) {
        #expect(WebOrigin(text) == nil)
    }
}
