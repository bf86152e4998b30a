import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let key = EventKey(MasterKey())
    private static let start = Fixtures.start

    private static func webhookID() -> WebhookID {
        var random = SecureRandom()
        return WebhookID(at: start, using: &random)
    }

    private static func append(_ subject: Subject, _ kinds: EventKind..., at seconds: Int = 0) async throws {
        let records = kinds.map { EventRecord($0, at: start + .seconds(seconds), detail: "\(seconds)") }
        try await subject.storage.append(records, sealedWith: key)
    }

    private static func spread(_ subject: Subject, limit: Int = 100, at seconds: Int = 0) async throws {
        while try await subject.other.spread(limit: limit, at: start + .seconds(seconds)) == limit {}
    }

    private static func claim(
        _ subject: Subject, _ destination: NoticeDestination = .mail, at seconds: Int, lease: Int = 30
    ) async throws -> ClaimedMessage? {
        try await subject.storage.claim(
            destination, at: start + .seconds(seconds), until: start + .seconds(seconds + lease))
    }

    /// Takes and delivers all that is due.
    private static func deliverAll(
        _ subject: Subject, _ destination: NoticeDestination = .mail, at seconds: Int = 0
    ) async throws -> [Int64] {
        var numbers: [Int64] = []
        while let claimed = try await claim(subject, destination, at: seconds) {
            numbers.append(claimed.message.eventNumber)
            try await subject.other.settle(claimed.claim, .delivered, at: start + .seconds(seconds))
        }
        return numbers
    }

    static let outbox: [Case] = [
        Case("each destination gets the events that it wants, from when it subscribed, each once") { subject in
            let webhook = NoticeDestination.webhook(webhookID())
            try await append(subject, .signIn)
            try requireEqual(await subject.storage.spread(limit: 10, at: start), 0, "spread to nobody")
            try await subject.storage.subscribe(.mail, to: [.signIn, .alarm])
            try await append(subject, .signIn, .signUp, .alarm)
            try await subject.storage.subscribe(webhook, to: [.signUp, .signIn])
            try await append(subject, .signUp, .alarm, .signIn)
            try requireEqual(await subject.storage.spread(limit: 2, at: start), 2, "the first two")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask { while try await subject.handle(number).spread(limit: 2, at: start) == 2 {} }
                }
                try await group.waitForAll()
            }
            try requireEqual(await subject.other.spread(limit: 2, at: start), 0, "spread again")
            // Subscribing again does not start again.
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await spread(subject)
            try requireEqual(await deliverAll(subject), [2, 4, 6, 7], "to the first")
            try requireEqual(await deliverAll(subject, webhook), [5, 7], "to the second")
            try await append(subject, .alarm, .signIn)
            try await spread(subject)
            try requireEqual(await deliverAll(subject), [9], "of the kinds that it wants now")
        },
        Case("a message is what was recorded, and comes from the record") { subject in
            try await subject.storage.subscribe(.mail, to: [.signIn])
            let record = EventRecord(
                .signIn, at: start, user: Fixtures.userID(), presenter: Presenter(address: "192.0.2.1"),
                sessions: [Fixtures.sessionID(), Fixtures.sessionID()])
            try await subject.storage.append([record], sealedWith: key)
            try await spread(subject, at: 5)
            let claimed = try await claim(subject, at: 5)
            guard let message = claimed?.message else { throw Failure(description: "there is no message") }
            try requireEqual(message.record, record, "the record")
            try requireEqual(message.event, record.text, "the text")
            try requireEqual(message.createdAt, start + .seconds(5), "the time")
            try requireEqual(message.attempts, 0, "the attempts")
            try requireEqual(claimed?.failuresInARow, 0, "the failures")
        },
        Case("one destination has one message under way, whoever asks") { subject in
            let webhook = NoticeDestination.webhook(webhookID())
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await subject.storage.subscribe(webhook, to: [.signIn])
            try await append(subject, .signIn, .signIn, .signIn)
            try await spread(subject)
            let claims = try await withThrowingTaskGroup(of: ClaimedMessage?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await subject.handle(number).claim(.mail, at: start, until: start + .seconds(30))
                    }
                }
                return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            try requireEqual(claims.count, 1, "claims of twenty who asked at once")
            try requireEqual(await subject.other.dueDestinations(at: start), [webhook], "what is due beside it")
            try requireEqual(await claim(subject, webhook, at: 0)?.message.eventNumber, 1, "the other destination")
            // The lease ends, as of a process that was killed: the same message comes again.
            try requireEqual(await claim(subject, at: 29) == nil, true, "within the lease")
            let again = try await claim(subject, at: 30)
            try requireEqual(again?.message, claims[0].message, "after the lease")
            // Who is late has no say in the claim of the other, not even of the same message.
            let late = claims[0].claim
            try requireEqual(
                await subject.other.renewClaim(late, at: start + .seconds(31), until: start + .seconds(61)), false,
                "renewed when another has it")
            for outcome in [
                DeliveryOutcome.failed("late", at: start + .seconds(500), restingUntil: start), .died("late"),
                .released,
            ] {
                try await subject.storage.settle(late, outcome, at: start + .seconds(31))
                try requireEqual(await claim(subject, at: 31) == nil, true, "the claim of another")
            }
            guard let again else { return }
            try await subject.storage.settle(again.claim, .released, at: start + .seconds(31))
            let third = try await claim(subject, at: 31)
            try requireEqual(third?.message, again.message, "untouched by who was late")
            // Only that it was delivered counts.
            try await subject.storage.settle(late, .delivered, at: start + .seconds(31))
            try requireEqual(await claim(subject, at: 31) == nil, true, "the claim of the third")
            guard let third else { return }
            try await subject.storage.settle(third.claim, .delivered, at: start + .seconds(31))
            let next = try await claim(subject, at: 31)
            try requireEqual(next?.message.eventNumber, 2, "the next")
            try await subject.other.releaseClaims()
            try requireEqual(await claim(subject, at: 32)?.message, next?.message, "after all claims were let go")
        },
        Case("a claim is renewed as long as it lasts") { subject in
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await append(subject, .signIn)
            try await spread(subject)
            guard let first = try await claim(subject, at: 0) else { throw Failure(description: "nothing is due") }
            func renew(at seconds: Int) async throws -> Bool {
                try await subject.other.renewClaim(
                    first.claim, at: start + .seconds(seconds), until: start + .seconds(seconds + 30))
            }
            for seconds in [20, 40, 60] {
                try requireEqual(await renew(at: seconds), true, "renewed after \(seconds) s")
                try requireEqual(await claim(subject, at: seconds + 29) == nil, true, "within the new lease")
            }
            try requireEqual(await subject.storage.dueDestinations(at: start + .seconds(89)), [], "what is due")
            try requireEqual(await renew(at: 90), false, "renewed when it was over")
            let second = try await claim(subject, at: 90)
            try requireEqual(second?.message, first.message, "after its end")
            try requireEqual(await renew(at: 90), false, "renewed by whoever had it before")
            guard let second else { return }
            try await subject.storage.settle(second.claim, .delivered, at: start + .seconds(90))
            try requireEqual(await renew(at: 91), false, "renewed after it was settled")
        },
        Case("a failed message is tried at its time, and its destination rests") { subject in
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await append(subject, .signIn, .signIn)
            try await spread(subject)
            guard let first = try await claim(subject, at: 0) else { throw Failure(description: "nothing is due") }
            try await subject.storage.settle(
                first.claim, .failed("no\0way", at: start + .seconds(60), restingUntil: start), at: start)
            // The other message does not wait for it.
            let second = try await claim(subject, at: 1)
            try requireEqual(second?.message.eventNumber, 2, "the other one")
            try requireEqual(second?.failuresInARow, 1, "the failures")
            try requireEqual(
                await subject.other.outboxFigures().first?.lastError?.hasPrefix("no"), true, "the last error")
            guard let second else { return }
            try await subject.storage.settle(
                second.claim,
                .failed("again", at: start + .seconds(5), restingUntil: start + .seconds(90)), at: start)
            try requireEqual(await claim(subject, at: 89) == nil, true, "while it rests")
            try requireEqual(await subject.other.dueDestinations(at: start + .seconds(89)), [], "due while it rests")
            try requireEqual(await subject.other.dueDestinations(at: start + .seconds(90)), [.mail], "due after it")
            let third = try await claim(subject, at: 90)
            try requireEqual(third?.message.eventNumber, 2, "what was due first")
            try requireEqual(third?.message.attempts, 1, "the attempts")
            try requireEqual(third?.message.lastError, "again", "its error")
            try requireEqual(third?.failuresInARow, 2, "failures in a row")
            guard let third else { return }
            try await subject.storage.settle(third.claim, .released, at: start)
            let released = try await claim(subject, at: 90)
            try requireEqual(released?.message, third.message, "what was given back as it was")
            guard let released else { return }
            try await subject.storage.settle(released.claim, .delivered, at: start)
            let figures = try await subject.other.outboxFigures()
            try requireEqual(
                figures, [OutboxFigures(destination: .mail, pending: 1, dead: 0)], "after a success")
        },
        Case("a clock that was ahead for a moment holds nothing back") { subject in
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await append(subject, .signIn, .signIn)
            try await spread(subject)
            let (ahead, longest) = (1_000_000, Int(OutboxSchedule.longestWait.components.seconds))
            guard let first = try await claim(subject, at: ahead) else { throw Failure(description: "nothing is due") }
            try await subject.storage.settle(
                first.claim,
                .failed("no", at: start + .seconds(ahead + 5), restingUntil: start + .seconds(ahead + 60)),
                at: start + .seconds(ahead))
            try requireEqual(await subject.other.dueDestinations(at: start + .seconds(1)), [.mail], "what is due")
            guard let again = try await claim(subject, at: 1) else { throw Failure(description: "it is waited for") }
            try requireEqual(again.message.eventNumber, 1, "what was put off comes first")
            try await subject.storage.settle(again.claim, .released, at: start + .seconds(1))
            // So does a claim that a process made just then, before it was killed.
            guard let lost = try await claim(subject, at: ahead) else { throw Failure(description: "nothing is due") }
            try requireEqual(lost.message.eventNumber, 2, "what was due first by that clock")
            guard let found = try await claim(subject, at: 1) else { throw Failure(description: "the claim stays") }
            // The longest that a message is put off by right is waited for.
            try await subject.storage.settle(
                found.claim, .failed("no", at: start + .seconds(1 + longest), restingUntil: start),
                at: start + .seconds(1))
            try requireEqual(await deliverAll(subject, at: 1), [2], "the other one")
            try requireEqual(await subject.other.dueDestinations(at: start + .seconds(1)), [], "due at first")
            try requireEqual(await subject.other.dueDestinations(at: start + .seconds(longest)), [], "due before it")
            try requireEqual(await deliverAll(subject, at: 1 + longest), [1], "at its time")
        },
        Case("events that were not spread yet are not removed") { subject in
            let remove = { () async throws in
                try await subject.storage.removeEvents(
                    before: start + .seconds(1_000), keeping: 1, limit: 100, sealedWith: key
                ) { EventRecord(.eventsRemoved, at: start, count: $0) }
            }
            try await append(subject, .signIn, .signIn)
            try await subject.storage.subscribe(.mail, to: [.alarm])
            try await append(subject, .signIn, .alarm, .signIn)
            try requireEqual(await remove(), 2, "those before it subscribed")
            try requireEqual(await remove(), 0, "those that wait")
            try await spread(subject)
            try requireEqual(await remove() > 0, true, "those that were spread")
            try requireEqual(await deliverAll(subject), [4], "what was spread")
            try await append(subject, .signIn, .signIn)
            try await subject.storage.unsubscribe(.mail)
            try requireEqual(await remove() > 0, true, "where nobody wants them")
        },
    ]

    static let deadLetters: [Case] = [
        Case("dead letters are kept, listed, sent again and dropped") { subject in
            let webhook = NoticeDestination.webhook(webhookID())
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await subject.storage.subscribe(webhook, to: [.signIn])
            try await append(subject, .signIn, .signIn, .signIn)
            try await spread(subject)
            for destination in [NoticeDestination.mail, webhook] {
                while let claimed = try await claim(subject, destination, at: 1) {
                    try await subject.storage.settle(
                        claimed.claim, .died("refused"), at: start + .seconds(1))
                }
            }
            try requireEqual(await subject.other.dueDestinations(at: start + .seconds(99)), [], "what is due")
            let all = try await subject.other.deadMessages(of: nil, after: nil, limit: 100)
            try requireEqual(all.count, 6, "all of them")
            try requireEqual(all.map(\.id), all.map(\.id).sorted(), "their order")
            try requireEqual(Set(all.map(\.diedAt)), [start + .seconds(1)], "when they died")
            try requireEqual(Set(all.map(\.attempts)), [1], "their attempts")
            let mail = try await subject.other.deadMessages(of: .mail, after: nil, limit: 2)
            try requireEqual(mail, Array(all.filter { $0.destination == .mail }.prefix(2)), "the first two of one")
            try requireEqual(
                await subject.other.deadMessages(of: .mail, after: mail[1].id, limit: 2).count, 1, "the rest of it")
            try requireEqual(
                await subject.other.outboxFigures().map(\.dead), [3, 3], "how many there are")

            let again = start + .seconds(10)
            try requireEqual(await subject.storage.reviveDead(.message(mail[0].id), at: again), 1, "one of them")
            let claimed = try await claim(subject, at: 10)
            try requireEqual(claimed?.message.id, mail[0].id, "the one under its id")
            try requireEqual(claimed?.message.attempts, 0, "as if it was new")
            try requireEqual(claimed?.message.createdAt, again, "with all of its time")
            try requireEqual(await subject.storage.reviveDead(.message(mail[0].id), at: again), 0, "no dead letter")
            try requireEqual(await subject.storage.reviveDead(.destination(webhook), at: again), 3, "of a webhook")
            try requireEqual(await subject.storage.dropDead(.message(mail[0].id)), 0, "no dead letter is dropped")
            try requireEqual(await subject.storage.dropDead(.destination(.mail)), 2, "the others are dropped")
            try requireEqual(await subject.storage.dropDead(.all), 0, "nothing is left")
            try requireEqual(await deliverAll(subject, webhook, at: 10), [1, 2, 3], "the webhook's")
        },
        Case("what is too old or too much leaves the outbox, and is counted") { subject in
            let settings = NoticeSettings(
                tryFor: .seconds(100), keepDeadFor: .seconds(1_000), keepDeadCount: 3, mostPending: 4)
            func trim(_ seconds: Int) async throws -> Int {
                try await subject.storage.trimOutbox(settings, at: start + .seconds(seconds))
            }
            try requireEqual(await trim(0), 0, "where there is nothing")
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await append(subject, .signIn, .signIn)
            try await spread(subject, at: 0)
            try await append(subject, .signIn, .signIn, .signIn, .signIn)
            try await spread(subject, at: 50)
            try requireEqual(await trim(60), 2, "the oldest of six")
            try requireEqual(await trim(60), 0, "of four")
            try requireEqual(await trim(150), 0, "at the end of their time")
            try requireEqual(await subject.other.outboxFigures().map(\.pending), [4], "then they are tried still")
            // All four die, and three of them are kept.
            try requireEqual(await trim(151), 1, "past their time")
            let dead = try await subject.other.deadMessages(of: nil, after: nil, limit: 10)
            try requireEqual(dead.count, 3, "what is kept")
            try requireEqual(Set(dead.map(\.lastError)), [NoticeSettings.nobodyDelivered], "what is said of them")
            try requireEqual(await trim(1_151), 0, "at the end of their keeping")
            try requireEqual(await trim(1_152), 3, "past it")
        },
        Case("who unsubscribes loses what is on its way, and nobody else does") { subject in
            let webhook = NoticeDestination.webhook(webhookID())
            try await subject.storage.subscribe(.mail, to: [.signIn])
            try await subject.storage.subscribe(webhook, to: [.signIn])
            try await append(subject, .signIn, .signIn)
            try await spread(subject)
            guard let claimed = try await claim(subject, at: 0) else { throw Failure(description: "nothing is due") }
            try await subject.storage.settle(claimed.claim, .died("no"), at: start)
            try requireEqual(await subject.other.unsubscribe(.mail), 2, "what it lost")
            try requireEqual(await subject.storage.unsubscribe(.mail), 0, "what it had no more")
            try await append(subject, .signIn)
            try await spread(subject)
            try requireEqual(await subject.storage.outboxFigures().map(\.pending), [3], "what is left")
            try requireEqual(await claim(subject, at: 99) == nil, true, "nothing for it")
        },
    ]
}
