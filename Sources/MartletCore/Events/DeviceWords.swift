/// A user agent in words: `Firefox on Linux`.
///
/// A `User-Agent` says what its sender likes, so this is for people to recognize their devices by, and proves nothing.
public struct DeviceWords: Sendable, Hashable, CustomStringConvertible {
    /// The browser or program: `Firefox`; nil where it cannot be told.
    public let program: String?
    /// What it runs on: `Linux`; nil where it cannot be told.
    public let system: String?

    public init(_ userAgent: String) {
        let found = Self.programs.first { userAgent.contains($0.sign) }?.name
        program = found ?? Self.firstProduct(of: userAgent)
        system = Self.systems.first { userAgent.contains($0.sign) }?.name
    }

    public var description: String {
        switch (program, system) {
        case (let program?, let system?): "\(program) on \(system)"
        case (let program?, nil): program
        case (nil, let system?): "an unknown program on \(system)"
        case (nil, nil): "an unknown device"
        }
    }

    /// In this order: most browsers also claim to be Chrome or Safari, and Chrome to be Safari.
    private static let programs: [(sign: String, name: String)] = [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("OPT/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"), ("DuckDuckGo/", "DuckDuckGo"),
        ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("HeadlessChrome/", "headless Chrome"),
        ("Chrome/", "Chrome"), ("Chromium/", "Chromium"), ("Safari/", "Safari"),
        ("martlet-client", "the Martlet client"),
        ("curl/", "curl"), ("Wget/", "wget"), ("python-requests/", "a Python program"),
        ("python-httpx/", "a Python program"), ("Python-urllib/", "a Python program"),
        ("aiohttp/", "a Python program"), ("Go-http-client/", "a Go program"), ("okhttp/", "an Android or Java app"),
        ("Dalvik/", "an Android app"), ("CFNetwork/", "an Apple app"), ("node-fetch", "a Node.js program"),
        ("axios/", "a Node.js program"), ("undici", "a Node.js program"), ("Java/", "a Java program"),
        ("PostmanRuntime/", "Postman"),
    ]

    /// In this order: an iPhone also says Mac OS X, Android and ChromeOS say Linux or X11.
    private static let systems: [(sign: String, name: String)] = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
        ("Macintosh", "Mac"), ("Mac OS X", "Mac"), ("macOS", "Mac"), ("Darwin/", "an Apple device"),
        ("FreeBSD", "FreeBSD"), ("OpenBSD", "OpenBSD"), ("Linux", "Linux"), ("linux", "Linux"),
    ]

    /// `Acme` of `Acme/1.2 (…)` (RFC 9110 §10.1.5). `Mozilla` says nothing, since all of them say it.
    private static func firstProduct(of userAgent: String) -> String? {
        let name = userAgent.unicodeScalars.prefix { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains(scalar))
        }
        return name.isEmpty || name.count > 40 || String(name) == "Mozilla" ? nil : String(name)
    }
}

extension String {
    /// Whether the text is in this one, byte for byte.
    fileprivate func contains(_ sign: String) -> Bool {
        let (text, sign) = (Array(utf8), Array(sign.utf8))
        guard let first = sign.first, text.count >= sign.count else { return false }
        return (0...(text.count - sign.count)).contains { start in
            text[start] == first && text[start..<(start + sign.count)].elementsEqual(sign)
        }
    }
}
