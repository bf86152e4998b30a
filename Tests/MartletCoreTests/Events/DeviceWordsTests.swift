import MartletCore
import Testing

struct DeviceWordsTests {
    @Test(arguments: [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                + "Safari/537.36", "Chrome on Windows"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                + "Safari/537.36 Edg/140.0.0.0", "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
                + "Safari/605.1.15", "Safari on Mac"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                + "Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                + "CriOS/140.0.0.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
                + "Safari/537.36", "Chrome on Android"
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 16000.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                + "Safari/537.36", "Chrome on ChromeOS"
        ),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32.5", "a Python program"),
        ("martlet-client", "the Martlet client"),
        ("Acme/7 CFNetwork/1568.100.1 Darwin/24.0.0", "an Apple app on an Apple device"),
        ("Acme-Backup/1.0 (Linux)", "Acme-Backup on Linux"),
        ("Mozilla/5.0 (compatible)", "an unknown device"),
        ("Mozilla/5.0 (Windows NT 10.0)", "an unknown program on Windows"),
        ("", "an unknown device"),
        ("<script>alert(1)</script>", "an unknown device"),
        ("\u{202E}evil", "an unknown device"),
    ])
    func aUserAgentIsToldInWords(userAgent: String, words: String) {
        #expect(DeviceWords(userAgent).description == words)
    }
}
