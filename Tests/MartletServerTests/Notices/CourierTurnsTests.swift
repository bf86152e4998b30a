import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct CourierTurnsTests {
    private func destinations(_ count: Int) -> [NoticeDestination] {
        var random = SecureRandom()
        return (0..<count).map { _ in .webhook(WebhookID(at: Fixtures.start, using: &random)) }
    }

    private func candidates(_ destinations: [NoticeDestination], at server: String? = nil) -> [CourierTurns.Candidate] {
        destinations.map { .init(destination: $0, server: server ?? $0.text) }
    }

    @Test func eachKindHasItsOwnPlaces() {
        let turns = CourierTurns()
        let all = candidates(destinations(CourierTurns.perKind + 2))
        #expect(turns.begin(all).count == CourierTurns.perKind)
        #expect(turns.begin(all) == [])
        #expect(turns.begin(candidates([.mail])) == [.mail])
        #expect(turns.begin(candidates([.mail])) == [])
    }

    @Test func aServerHasFewPlaces() {
        let turns = CourierTurns()
        let (slow, others) = (destinations(5), destinations(3))
        let due = candidates(slow, at: "slow") + candidates(others)
        #expect(turns.begin(due) == Array(slow.prefix(CourierTurns.perServer)) + others)
        #expect(turns.begin(due) == [])
        turns.end(others[0])
        #expect(turns.begin(due) == [others[0]])
        turns.end(slow[1])
        #expect(turns.begin(due) == [slow[2]])
    }

    /// Also where those in front are due again at once.
    @Test func everyoneHasATurnBeforeAnyHasTheNext() {
        let turns = CourierTurns()
        let slow = destinations(7)
        let due = candidates(slow, at: "slow")
        var underWay = turns.begin(due)
        var order = underWay
        for _ in 0..<19 {
            turns.end(underWay.removeFirst())
            let begun = turns.begin(due)
            #expect(begun.count == 1)
            underWay += begun
            order += begun
        }
        #expect(order == slow + slow + slow)
    }

    /// A destination that is away for a while is not kept for ever.
    @Test func onlySoMuchIsRemembered() {
        let turns = CourierTurns()
        let first = destinations(2)
        #expect(turns.begin(candidates(first, at: "slow")) == first)
        for one in first { turns.end(one) }
        for _ in 0...CourierTurns.mostKnown {
            for one in turns.begin(candidates(destinations(1))) { turns.end(one) }
        }
        // The others were forgotten, and so were these: the first one is the first again.
        #expect(turns.begin(candidates([first[1], first[0]], at: "slow")) == [first[1], first[0]])
    }
}
