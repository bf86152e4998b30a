import CCommonPasswords

/// The passwords that guessers try first: some 11,600 that are embedded in the program, repetitions and runs.
///
/// `Sources/CCommonPasswords/README.md` says where the list comes from.
enum CommonPasswords {
    /// Whether a password is one of them, whatever its case.
    ///
    /// - Parameter password: in NFC, as the list is.
    static func contains(_ password: String) -> Bool {
        let bytes = Array(password.lowercased().utf8)
        return isListed(bytes) || isRepetition(bytes) || isRun(bytes)
    }

    /// Whether it is one block of at most four bytes again and again: `00000000`, `12341234`, `abcabcab`.
    private static func isRepetition(_ bytes: [UInt8]) -> Bool {
        (1...4).contains { length in
            bytes.count >= 2 * length && bytes.indices.dropFirst(length).allSatisfy { bytes[$0] == bytes[$0 - length] }
        }
    }

    /// Whether each character follows the one before it, upwards or downwards: `abcdefgh`, `87654321`, `67890123`.
    private static func isRun(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 1 else { return false }
        let steps = zip(bytes, bytes.dropFirst()).map { left, right in
            switch (left, right) {
            case (0x39, 0x30): 1
            case (0x30, 0x39): -1
            default: Int(right) - Int(left)
            }
        }
        return abs(steps[0]) == 1 && steps.allSatisfy { $0 == steps[0] }
    }

    private static func isListed(_ wanted: [UInt8]) -> Bool {
        let lineFeed = UInt8(ascii: "\n")
        let list = unsafe UnsafeBufferPointer(
            start: martlet_common_passwords, count: martlet_common_passwords_length
        ).span
        // A binary search over the lines where they lie. Both ends are starts of lines.
        var (start, end) = (0, list.count)
        while start < end {
            var line = start + (end - start) / 2
            while line > start, list[line - 1] != lineFeed { line -= 1 }
            var same = 0
            while same < wanted.count, list[line + same] != lineFeed, list[line + same] == wanted[same] { same += 1 }
            let isLineOver = list[line + same] == lineFeed
            if isLineOver, same == wanted.count { return true }
            if isLineOver || (same < wanted.count && list[line + same] < wanted[same]) {
                start = line + same
                while list[start] != lineFeed { start += 1 }
                start += 1
            } else {
                end = line
            }
        }
        return false
    }
}
