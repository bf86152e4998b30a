import MartletProtocol
import Testing

@testable import MartletVerifier

struct RevocationKnowledgeTests {
    /// A token may be kept that was verified while its entry was lacking. Until it is forgotten, the knowledge must not
    /// count as whole: the token would pass as one that was verified before.
    @Test(arguments: [1, 1_000])
    func nothingIsWholeAgainBeforeWhatTheSnapshotCoversIsForgotten(count: Int) {
        let (wrong, right) = (TestClock.start + .seconds(7_200), TestClock.start)
        let entries = (0..<count).map { RevocationEntry.token("t\($0)", until: right + .seconds(60)) }
        let knowledge = RevocationKnowledge(bound: .seconds(10), clockSkew: .seconds(60), at: .zero)
        knowledge.insert(entries, isSnapshot: true) {}
        knowledge.sweep(at: .seconds(60), wrong)
        knowledge.heard(at: .seconds(60))
        #expect(knowledge.entryCount == 0)
        #expect(knowledge.standing(at: .seconds(60), wrong) == .fresh(for: .seconds(10)))
        #expect(knowledge.standing(at: .seconds(60), right) == .stale(for: .zero))

        knowledge.insert([.token("other", until: right + .seconds(60))]) {}
        #expect(!knowledge.isWhole(at: right))
        knowledge.insert(entries, isSnapshot: true) {
            #expect(knowledge.entryCount == count + 1)
            #expect(!knowledge.isWhole(at: right))
        }
        #expect(knowledge.standing(at: .seconds(60), right) == .fresh(for: .seconds(10)))
    }
}
