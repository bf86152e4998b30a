/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True in this share of the calls, from 0 to 1.
    mutating func chance(_ share: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < share
    }

    mutating func within(_ range: ClosedRange<Milliseconds>) -> Milliseconds {
        .random(in: range, using: &self)
    }

    /// A pause whose magnitude is what varies: each doubling is as likely as the next.
    mutating func pause(_ range: ClosedRange<Milliseconds>) -> Milliseconds {
        var doublings: Milliseconds = 0
        while range.lowerBound << (doublings + 1) <= range.upperBound { doublings += 1 }
        let from = range.lowerBound << within(0...doublings)
        return min(within(from...2 * from), range.upperBound)
    }
}

/// Spans of virtual time.
typealias Milliseconds = Int64

extension Milliseconds {
    static func seconds(_ count: Milliseconds) -> Milliseconds { count * 1_000 }
    static func minutes(_ count: Milliseconds) -> Milliseconds { count * 60_000 }
    static func hours(_ count: Milliseconds) -> Milliseconds { count * 3_600_000 }
    static func days(_ count: Milliseconds) -> Milliseconds { count * 86_400_000 }
}
