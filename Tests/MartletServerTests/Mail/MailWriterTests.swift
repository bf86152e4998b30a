import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What is mailed about, and what the mail says.
struct MailWriterTests {
    private static let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
    private static let presenter = Presenter(address: "192.0.2.7", userAgent: firefox)

    private static func alarm(_ rule: WatchRule, _ answer: WatchAnswer) -> EventRecord {
        EventRecord(
            .alarm, at: Fixtures.start, presenter: presenter,
            alarm: .init(
                rule: rule.rawValue, score: 50, words: "words", answer: answer == .record ? nil : answer.rawValue))
    }

    static let topics: [(EventRecord, MailTopic?)] = [
        (alarm(.newDevice, .tell), .newDevice), (alarm(.newDevice, .record), nil),
        (alarm(.newDevice, .signIn), .unusual(isEnded: true)), (alarm(.newDevice, .end), .unusual(isEnded: true)),
        (alarm(.longSilence, .tell), .longSilence), (alarm(.travel, .tell), .unusual(isEnded: false)),
        (alarm(.manySessions, .end), .unusual(isEnded: true)), (alarm(.replay, .tell), nil),
        (EventRecord(.replay, at: Fixtures.start, reason: .replayDetected), .replay),
        (EventRecord(.replay, at: Fixtures.start, reason: .staleRepeat), nil),
        (EventRecord(.passwordChanged, at: Fixtures.start), .passwordChanged),
        (EventRecord(.passwordChangeRequired, at: Fixtures.start, detail: "mail"), .disowned),
        (
            EventRecord(.passwordChangeRequired, at: Fixtures.start, actor: "command", detail: "mail"),
            .newPasswordWished(by: .mail)
        ),
        (
            EventRecord(.passwordChangeRequired, at: Fixtures.start, actor: "command", detail: "password"),
            .newPasswordWished(by: .password)
        ),
        (EventRecord(.signIn, at: Fixtures.start), nil), (EventRecord(.signInFailed, at: Fixtures.start), nil),
    ]

    @Test(arguments: topics) func theTopicFollowsFromTheRecord(record: EventRecord, topic: MailTopic?) {
        #expect(MailTopic(record) == topic)
        #expect(topic == nil || MailTopic.kinds.contains(record.kind))
    }

    private func message(
        _ record: EventRecord, username: String = "alice", isLast: Bool = false
    ) throws -> MailMessage {
        let topic = try #require(MailTopic(record))
        let writer = MailWriter(
            issuer: "https://auth.example.com:8443", from: try #require(MailAddress(text: "auth@example.com")),
            words: .english)
        return writer.message(
            about: record, number: 42, topic: topic, to: Fixtures.user(username), at: "alice@example.org",
            secret: "s3cret-_", isLast: isLast)
    }

    @Test func itSaysWhatWhenAndWhere() throws {
        let message = try message(Self.alarm(.newDevice, .tell))
        #expect(message.subject == "New sign-in to your account at auth.example.com")
        #expect(message.id.text == "martlet.42.1767225600000@example.com")
        #expect(
            message.text == """
                Hello alice,

                somebody signed in to your account with a device or program that it had not seen before.

                    When: 1 Jan 2026, 00:00 UTC
                    Device: Firefox on Linux
                    Address: 192.0.2.7

                If this was you, there is nothing to do.

                If it was not you, open this page. It says what it will do, and does nothing before you press its button:
                https://auth.example.com:8443/wasnt-me?link=s3cret-_

                The link works until 8 Jan 2026, 00:00 UTC. Give it to nobody.

                -- 
                Sent by https://auth.example.com:8443, where you have an account.

                """)
        #expect(MailContent(message.text).encoding == "7bit")
        // Once more, it is the same mail.
        #expect(try self.message(Self.alarm(.newDevice, .tell)) == message)
    }

    /// Every mail has its words, and each but an administrator's wish its link.
    @Test(arguments: topics.filter { $0.1 != nil }.map(\.0)) func everyTopicHasItsWords(record: EventRecord) throws {
        let message = try message(record, isLast: true)
        let hasLink = message.text.contains("/wasnt-me?link=s3cret-_\n")
        #expect(hasLink == (MailTopic(record) != .newPasswordWished(by: .password)))
        #expect(message.text.contains("No more mails of this kind"))
        #expect(message.text.hasSuffix("where you have an account.\n"))
        #expect(!message.subject.isEmpty)
    }

    /// Who signs in, or signs up with another's address, cannot write to that person by it.
    @Test func nobodyWritesThroughIt() throws {
        let hostile = "Call evil.example\nBuy https://evil.example"
        var record = Self.alarm(.newDevice, .tell)
        record.presenter = Presenter(address: hostile, userAgent: "evil.example/1.0 (\(hostile))")
        let text = try message(record, username: hostile).text
        #expect(text.hasPrefix("Hello,\n"))
        #expect(!text.contains("evil.example") && !text.contains("Buy") && !text.contains("Call"))
        for name in ["evil.example", "a/b", "a@b", "a<b", String(repeating: "a", count: 65)] {
            #expect(try message(record, username: name).text.hasPrefix("Hello,\n"))
        }
        #expect(try message(record, username: "Åse-Marie O_1").text.hasPrefix("Hello Åse-Marie O_1,\n"))
    }

    // MARK: Not too many

    @Test func anAddressGetsSoManyADay() {
        let budget = MailBudget(perDay: 3)
        let now = Fixtures.start
        let owner = Fixtures.userID()
        func take(
            _ number: Int64, _ address: String = "a@example.com", of user: UserID? = nil, isAlarm: Bool = true,
            at time: Timestamp = now
        ) -> MailBudget.Verdict {
            budget.take(number, of: user ?? owner, to: address, isAlarm: isAlarm, at: time)
        }
        #expect([1, 2, 3, 4].map { take($0) } == [.send, .send, .sendAsLast, .leaveOut])
        // Tried again, it is the same one, with the same words.
        #expect([2, 3, 4].map { take($0) } == [.send, .sendAsLast, .leaveOut])
        #expect(take(5, "A@EXAMPLE.COM") == .leaveOut)
        #expect(take(6, "b@example.com") == .send)
        #expect([7, 8, 9, 10].map { take($0, isAlarm: false) } == [.send, .send, .sendAsLast, .leaveOut])
        #expect(take(11, at: now + .seconds(86_399)) == .leaveOut)
        #expect(take(12, at: now + .seconds(86_400)) == .send)
    }

    /// Who has an account at somebody else's address, with mails sent to it, does not silence those of its owner.
    @Test func anAddressOfSeveralAccountsIsWrittenToForEach() {
        let budget = MailBudget(perDay: 3)
        let owner = Fixtures.userID()
        func take(_ number: Int64, of user: UserID) -> MailBudget.Verdict {
            budget.take(number, of: user, to: "a@example.com", isAlarm: true, at: Fixtures.start)
        }
        for stranger in 0..<5 {
            let user = Fixtures.userID()
            _ = (0..<3).map { take(Int64(stranger * 3 + $0), of: user) }
        }
        #expect(take(100, of: owner) == .send)
        // The whole address has had four times as many as one account may be sent.
        #expect(take(101, of: owner) == .leaveOut)
        #expect(take(100, of: owner) == .send)
    }

    @Test func theLinkWithoutWhichNobodySignsInIsAlwaysSent() {
        #expect(MailTopic.disowned.isOnlyWay && MailTopic.newPasswordWished(by: .mail).isOnlyWay)
        #expect(!MailTopic.newPasswordWished(by: .password).isOnlyWay && !MailTopic.passwordChanged.isOnlyWay)
    }

    @Test func whatIsKeptOfAddressesIsBounded() {
        let budget = MailBudget(perDay: 1)
        let user = Fixtures.userID()
        for number in 0..<10_000 {
            let at = Fixtures.start + .milliseconds(number)
            #expect(
                budget.take(Int64(number), of: user, to: "u\(number)@example.com", isAlarm: true, at: at) == .sendAsLast
            )
        }
        #expect(budget.count <= 4_096)
        // The newest are still known.
        #expect(
            budget.take(0, of: user, to: "u9999@example.com", isAlarm: true, at: Fixtures.start + .seconds(60))
                == .leaveOut)
    }
}
