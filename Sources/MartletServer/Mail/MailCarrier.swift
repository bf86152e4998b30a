import Logging
import MartletCore
import MartletProtocol

/// Takes notices of events to the users whom they concern, by mail. The mail is written when it is sent, so that no
/// link is stored.
struct MailCarrier: NoticeCarrier {
    let authority: Authority
    let writer: MailWriter
    let transport: MailTransport
    let budget: MailBudget
    let logger: Logger

    /// - Returns: nil where the configuration has no mail server.
    init?(_ options: MailOptions, authority: Authority, logger: Logger) {
        guard let server = options.server, let from = options.from else { return nil }
        self.authority = authority
        self.logger = logger
        writer = MailWriter(issuer: authority.settings.issuer, from: from, words: .english)
        transport = MailTransport(options, server: server)
        budget = MailBudget(perDay: options.perDay)
    }

    func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
        let record = message.record
        guard let topic = MailTopic(record), let id = record.user else { return .skipped("no user is mailed about it") }
        guard let user = try await user(id) else { return .skipped("the user is gone") }
        guard let address = user.email else { return .skipped("the user has no address") }
        guard MailAddress.isPlain(address) else {
            throw DeliveryFailure(.giveUp, "the address of the user \(id) is none that mail can be sent to")
        }
        let link = SecurityLink(about: record, message.eventNumber, user)
        let now = authority.clock.now
        guard now < link.expiresAt else { throw DeliveryFailure(.giveUp, "it is so old that its link does not work") }
        let verdict = budget.take(message.eventNumber, of: id, to: address, isAlarm: topic.isAlarm, at: now)
        guard verdict != .leaveOut || topic.isOnlyWay else {
            logger.notice("a mail was left out: there are too many for one address", metadata: ["user": "\(id)"])
            return .skipped("there are too many for one address")
        }
        let mail = writer.message(
            about: record, number: message.eventNumber, topic: topic, to: user, at: address,
            secret: authority.secret(of: link), isLast: verdict == .sendAsLast)
        do throws(MailError) {
            _ = try await transport.send(mail)
        } catch {
            throw DeliveryFailure(error.isPermanent ? .giveUp : .retry, "\(error)")
        }
        logger.debug("a mail was sent", metadata: ["user": "\(id)", "event": "\(message.eventNumber)"])
        return .sent
    }

    private func user(_ id: UserID) async throws(DeliveryFailure) -> User? {
        do throws(AuthorityError) {
            return try await authority.user(id)
        } catch {
            throw DeliveryFailure(.retry, "\(error)")
        }
    }
}

extension Authority {
    /// Has events put into the outbox for mail, or no longer.
    func subscribeMail(_ isWanted: Bool) async throws(AuthorityError) {
        if isWanted { return try await subscribe(.mail, to: MailTopic.kinds) }
        let isSubscribed = try await outboxFigures().contains { $0.destination == .mail }
        if isSubscribed { try await unsubscribe(.mail) }
    }
}
