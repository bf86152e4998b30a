import MartletJOSE
import MartletProtocol
@_spi(_Unicode) import Swift

extension String {
    /// The string in Unicode normalization form C (UAX #15).
    ///
    /// The standard library has it as SPI only. The public way is all of Foundation, which links 39 MB of ICU; this
    /// is the one place that knows.
    var inNormalizationFormC: String {
        String(String.UnicodeScalarView(_nfc))
    }

    /// What somebody chose, in normalization form C.
    ///
    /// - Parameter subject: what it is, at the beginning of a sentence.
    /// - Throws: `malformedRequest` where it has more combining marks in a row than any request may have.
    func normalized(as subject: String) throws(AuthorityError) -> String {
        guard hasFewCombiningMarks else {
            throw .malformed("\(subject) may have at most \(Self.mostCombiningMarks) combining marks in a row.")
        }
        return inNormalizationFormC
    }
}
