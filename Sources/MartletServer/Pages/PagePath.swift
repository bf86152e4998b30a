/// Paths of pages, and what may be put into them.
enum PagePath {
    static let signIn = "/sign-in"
    static let signUp = "/sign-up"
    static let signOut = "/sign-out"
    static let signedOut = "/signed-out"
    static let account = "/account"
    static let console = "/console"
    /// Where links in mails lead.
    static let wasntMe = "/wasnt-me"
    static let newPassword = "/new-password"
    static let firstAdministrator = "/first-administrator"

    /// Whether a page may be gone to after the sign-in: one of ours that is for people who are signed in. Anything else
    /// could lead to another site.
    static func isOwn(_ path: String) -> Bool {
        guard path.utf8.count <= 512, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return false }
        // A browser would take the path before the dots away.
        if path.contains("/.") || path.contains("/%2") { return false }
        return [account, console].contains { own in
            path.hasPrefix(own) && [nil, "/", "?"].contains(path.dropFirst(own.utf8.count).first)
        }
    }

    /// A path with parameters.
    static func path(_ path: String, _ parameters: [(String, String?)]) -> String {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        return query.isEmpty ? path : path + "?" + query.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
