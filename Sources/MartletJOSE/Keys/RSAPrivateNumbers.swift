/// The numbers of an RSA private key, from its PKCS #1 form (RFC 8017 A.1.2), which is the only one in which
/// swift-crypto gives them out. Big-endian, without leading zeros.
struct RSAPrivateNumbers {
    let modulus: [UInt8]
    let exponent: [UInt8]
    let privateExponent: [UInt8]
    let p: [UInt8]
    let q: [UInt8]
    let dp: [UInt8]
    let dq: [UInt8]
    let qi: [UInt8]

    /// - Throws: ``JOSEError/Code/invalidKey`` for anything but one DER sequence of nine integers.
    init(pkcs1: [UInt8]) throws(JOSEError) {
        var content = pkcs1[...]
        var sequence = try Self.readElement(0x30, from: &content)
        var numbers: [[UInt8]] = []
        while !sequence.isEmpty {
            numbers.append(Array(try Self.readElement(0x02, from: &sequence).drop { $0 == 0 }))
        }
        // The version, which is 0, and eight numbers.
        guard content.isEmpty, numbers.count == 9, numbers[0].isEmpty else {
            throw Self.malformed
        }
        self.modulus = numbers[1]
        self.exponent = numbers[2]
        self.privateExponent = numbers[3]
        self.p = numbers[4]
        self.q = numbers[5]
        self.dp = numbers[6]
        self.dq = numbers[7]
        self.qi = numbers[8]
    }

    /// Takes one DER element with this tag off the front, and returns its content.
    private static func readElement(
        _ tag: UInt8,
        from bytes: inout ArraySlice<UInt8>
    ) throws(JOSEError) -> ArraySlice<UInt8> {
        guard bytes.popFirst() == tag, let head = bytes.popFirst() else {
            throw self.malformed
        }
        var count = Int(head)
        if head >= 0x80 {
            let digits = Int(head & 0x7F)
            guard (1...3).contains(digits), bytes.count >= digits else {
                throw self.malformed
            }
            count = bytes.prefix(digits).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(digits)
        }
        guard bytes.count >= count else {
            throw self.malformed
        }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }

    private static var malformed: JOSEError {
        JOSEError(.invalidKey, "An RSA private key must be a PKCS #1 sequence of nine integers.")
    }
}
