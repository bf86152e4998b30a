extension PasswordParameters {
    /// What one hash takes: passes over KiB of memory. Each factor has at most 32 bits.
    var work: UInt64 { UInt64(memory / 1_024) * UInt64(iterations) }

    /// Parameters for what is left of this work after a hash of others, to less than a KiB for each pass, and at least
    /// the smallest hash that there is.
    ///
    /// - Parameter spent: nil where nothing was computed.
    /// - Returns: nil where nothing is left.
    func rest(after spent: PasswordParameters?) -> PasswordParameters? {
        let done = spent?.work ?? 0
        guard done < work else { return nil }
        let kibibytes = Int((work - done) / UInt64(iterations))
        return PasswordParameters(memory: max(kibibytes * 1_024, Self.leastMemory), iterations: iterations)
    }

    /// What a hash was made with, as its text says: `$argon2id$v=19$m=19456,t=2,p=1$…`.
    ///
    /// - Returns: nil where it is no such hash, or libsodium reads other parameters or none.
    init?(of hash: PasswordHash) {
        let parts = hash.text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19" else { return nil }
        let costs = parts[3].split(separator: ",", omittingEmptySubsequences: false)
        guard costs.count == 3, costs[2] == "p=1",
            let kibibytes = Self.number(costs[0], after: "m="), let iterations = Self.number(costs[1], after: "t=")
        else { return nil }
        self.init(memory: kibibytes * 1_024, iterations: iterations)
        guard fault == nil, !PasswordHasher.isOutdated(hash, self) else { return nil }
    }

    /// A number of at most 32 bits, without a sign or leading zeros.
    private static func number(_ text: Substring, after name: String) -> Int? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard let number = UInt32(digits), String(number) == digits else { return nil }
        return Int(number)
    }
}
