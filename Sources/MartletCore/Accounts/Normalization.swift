@_spi(_Unicode) import Swift

extension String {
    /// The string in Unicode normalization form C (UAX #15).
    ///
    /// The standard library has it as SPI only. The public way is all of Foundation, which links 39 MB of ICU; this
    /// is the one place that knows.
    var inNormalizationFormC: String {
        String(String.UnicodeScalarView(_nfc))
    }
}
