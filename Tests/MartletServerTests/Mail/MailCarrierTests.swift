import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What is taken out of the outbox and not mailed. Nothing here comes as far as a mail server.
@Suite(.timeLimit(.minutes(10)))
struct MailCarrierTests {
    private let clock = TestClock()

    private func authority() async throws -> Authority {
        try await ServedAuthority(clock: clock).authority
    }

    private func carrier(_ authority: Authority, perDay: Int = 10) throws -> MailCarrier {
        var options = MailOptions()
        options.server = MailServer(url: "smtp://mail.invalid")
        options.from = MailAddress(text: "auth@example.com")
        options.perDay = perDay
        return try #require(MailCarrier(options, authority: authority, logger: .silent))
    }

    private func message(_ record: EventRecord) -> OutboxMessage {
        var random = SecureRandom()
        return OutboxMessage(
            id: OutboxMessageID(at: clock.now, using: &random), destination: .mail, eventNumber: 7, event: record.text,
            createdAt: clock.now, nextAttemptAt: clock.now)
    }

    private func add(_ username: String, email: String?, to authority: Authority) async throws -> UserID {
        try await authority.addUser(
            username: username, password: ServedAuthority.password, email: email, roles: []
        ).id
    }

    @Test func anAlarmThatIsOnlyRecordedIsSkipped() async throws {
        let authority = try await authority()
        let alice = try await add("alice", email: "alice@example.org", to: authority)
        let alarm = EventRecord(
            .alarm, at: clock.now, user: alice,
            alarm: .init(rule: WatchRule.newDevice.rawValue, score: 50, words: "words"))
        #expect(try await carrier(authority).deliver(message(alarm)) == .skipped("no user is mailed about it"))
    }

    @Test func whoHasNoAddressIsSkipped() async throws {
        let authority = try await authority()
        let bob = try await add("bob", email: nil, to: authority)
        let changed = EventRecord(.passwordChanged, at: clock.now, user: bob)
        #expect(try await carrier(authority).deliver(message(changed)) == .skipped("the user has no address"))
        let gone = EventRecord(.passwordChanged, at: clock.now, user: Fixtures.userID())
        #expect(try await carrier(authority).deliver(message(gone)) == .skipped("the user is gone"))
    }

    @Test func whatTheBudgetLeavesOutIsSkipped() async throws {
        let authority = try await authority()
        let alice = try await add("alice", email: "alice@example.org", to: authority)
        let changed = EventRecord(.passwordChanged, at: clock.now, user: alice)
        let carrier = try carrier(authority, perDay: 0)
        #expect(try await carrier.deliver(message(changed)) == .skipped("there are too many for one address"))
    }
}
