import Logging
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What an operator is told of presented refresh tokens: how loudly, and who presented them.
struct EventLogTests {
    private static let owner = Presenter(address: "192.0.2.1", userAgent: "app")
    private static let tag = RefreshTokenTag(high: 1, low: 2)
    private static let child = ChildToken(parent: tag, generation: 2)
    private static let end = SessionEnd(at: Fixtures.start, reason: .replayDetected)
    private static let change = HeadChange(
        expected: tag, head: tag, generation: 1, previous: tag, advancedAt: Fixtures.start,
        lateFloor: LateFloor(generation: 0, next: 0, openedAt: Fixtures.start))

    private func lines(_ decision: RotationDecision, from presenter: Presenter) -> [String] {
        let log = CapturedLog()
        var logger = log.logger
        logger.logLevel = .debug
        EventLog(logger: logger).write(
            AuthorityEvent(
                .rotation(decision), at: Fixtures.start, presenter: presenter, earlierPresenter: Self.owner))
        return log.lines
    }

    @Test(arguments: [RotationDecision.repeat(child), .late])
    func aRepeatFromElsewhereIsNoticed(_ decision: RotationDecision) {
        let name = decision.name
        #expect(
            lines(decision, from: Self.owner) == [
                "debug renewal: \(name) address=192.0.2.1 earlierAddress=192.0.2.1 earlierUserAgent=app userAgent=app"
            ])
        #expect(
            lines(decision, from: Presenter(address: "198.51.100.7", userAgent: "app")) == [
                "notice renewal: \(name) address=198.51.100.7 earlierAddress=192.0.2.1 earlierUserAgent=app "
                    + "userAgent=app"
            ])
        #expect(
            lines(decision, from: Presenter(address: "192.0.2.1", userAgent: "other")) == [
                "notice renewal: \(name) address=192.0.2.1 earlierAddress=192.0.2.1 earlierUserAgent=app "
                    + "userAgent=other"
            ])
    }

    @Test(arguments: [
        RotationDecision.replay(end), .mismatch(.client), .recovered(change, child), .resync(child, alarm: false),
    ])
    func whatMayBeATheftIsAWarningFromAnywhere(_ decision: RotationDecision) throws {
        for presenter in [Self.owner, Presenter(address: "198.51.100.7", userAgent: "other")] {
            let line = try #require(lines(decision, from: presenter).first)
            #expect(line.hasPrefix("warning renewal: \(decision.name) address=\(presenter.address) "))
            #expect(line.contains("earlierAddress=192.0.2.1 earlierUserAgent=app"))
            #expect(line.contains("userAgent=\(presenter.userAgent)"))
        }
    }

    @Test(arguments: [RotationDecision.advance(change, child), .kept(nil), .ended(end), .expired(.expiredIdle)])
    func whatIsOrdinaryIsForDebugging(_ decision: RotationDecision) {
        #expect(
            lines(decision, from: Presenter(address: "198.51.100.7", userAgent: "other")) == [
                "debug renewal: \(decision.name) address=198.51.100.7"
            ])
    }
}
