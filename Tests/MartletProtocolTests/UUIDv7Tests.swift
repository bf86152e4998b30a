import MartletProtocol
import Testing

struct UUIDv7Tests {
    /// RFC 9562 Appendix A.6.
    static let example = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

    @Test func isTheExampleOfTheRFC() throws {
        var random = Fixed([0xFFFF_FFFF_FFFF_FCC3, 0xD8C4_DC0C_0C07_398F])
        let uuid = UUIDv7(at: Timestamp(milliseconds: 1_645_557_742_000), using: &random)
        #expect(uuid.description == Self.example)
        #expect(uuid.timestamp.description == "2022-02-22T19:22:22Z")
        #expect(UUIDv7(Self.example) == uuid)
        #expect(UUIDv7(Self.example.uppercased()) == uuid)
        #expect(uuid.bytes.count == 16)
        #expect(UUIDv7(bytes: uuid.bytes) == uuid)
        #expect(UUIDv7(high: uuid.high, low: uuid.low) == uuid)
        #expect(SessionID(Self.example)?.description == Self.example)
    }

    /// Whatever the random bits and the time, version and variant stay in their places.
    @Test(arguments: [UInt64.min, .max, 0x5555_5555_5555_5555], [Int64.min, -1, 0, 1, 1 << 48, .max])
    func isAlwaysOfVersion7(bits: UInt64, milliseconds: Int64) {
        var random = Fixed([bits, bits])
        let uuid = UUIDv7(at: Timestamp(milliseconds: milliseconds), using: &random)
        #expect(UUIDv7(uuid.description) == uuid)
        #expect(UUIDv7(bytes: uuid.bytes) == uuid)
        #expect(uuid.timestamp.milliseconds == milliseconds & 0xFFFF_FFFF_FFFF)
    }

    @Test func sortsByTime() {
        var low = Fixed([0, 0])
        var high = Fixed([.max, .max])
        let earlier = UserID(at: Timestamp(milliseconds: 1_000), using: &high)
        let later = UserID(at: Timestamp(milliseconds: 1_001), using: &low)
        #expect(earlier < later)
        #expect(earlier.description < later.description)
        #expect(earlier.uuid.bytes.lexicographicallyPrecedes(later.uuid.bytes))
    }

    @Test(arguments: [
        "", "-", "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f-", "017f22e279b0--7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2-79b0-7cc3-98c4-dc0c0c0739８f",
        "017f22e2+79b0-7cc3-98c4-dc0c0c07398f", " 017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n", "----------------------------------- ",
        // Version 4, version 8, and variants other than RFC 9562's.
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-8cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-78c4-dc0c0c07398f", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ])
    func refusesWhatIsNone(text: String) {
        #expect(UUIDv7(text) == nil)
    }

    @Test(arguments: [0, 15, 17]) func refusesAnotherLength(count: Int) {
        #expect(UUIDv7(bytes: [UInt8](repeating: 0x77, count: count)) == nil)
        #expect(UUIDv7(bytes: [UInt8](repeating: 0xA0, count: 16)) == nil)
    }
}

/// Numbers that were chosen beforehand.
struct Fixed: RandomNumberGenerator {
    private var numbers: [UInt64]

    init(_ numbers: [UInt64]) {
        self.numbers = numbers
    }

    mutating func next() -> UInt64 {
        numbers.removeFirst()
    }
}
