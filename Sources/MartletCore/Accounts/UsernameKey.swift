/// A username as two of them are compared: full-width forms as their ASCII twins, lower case, NFC
/// (RFC 8265 §3.3, UsernameCaseMapped).
///
/// `Ａlice`, `ALICE` and `alice` are one account.
public struct UsernameKey: Hashable, Sendable {
    public let text: String

    /// - Parameter username: any name; `Username` says which ones an account may have.
    public init(_ username: String) {
        var mapped = String.UnicodeScalarView()
        for scalar in username.unicodeScalars {
            mapped.append((0xFF01...0xFF5E).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xFEE0)! : scalar)
        }
        text = String(mapped).lowercased().inNormalizationFormC
    }
}
