import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let key = EventKey(MasterKey())

    private static func record(_ number: Int, at seconds: Int = 0) -> EventRecord {
        EventRecord(.signIn, at: Fixtures.start + .seconds(seconds), detail: "\(number)")
    }

    private static func numbers(_ subject: Subject, _ query: EventQuery) async throws -> [Int64] {
        try await subject.other.events(query).map(\.number)
    }

    /// That the records are those that were appended, each sealed over the one before.
    private static func requireSealed(_ subject: Subject) async throws {
        let found = try await EventVerification(of: subject.other, sealedWith: key)
        try require(found.fault == nil, "the chain of events is broken: \(found.fault?.words ?? "")")
    }

    static let events: [Case] = [
        Case("events are appended in order by all who write, each sealed over the one before") { subject in
            try requireEqual(await subject.storage.eventChain().newest, .none, "the newest of none")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await subject.handle(number).append([record(number), record(number)], sealedWith: key)
                    }
                }
                try await group.waitForAll()
            }
            let events = try await subject.other.events(EventQuery(.after(0), limit: 100))
            try requireEqual(events.map(\.number), Array(1...40), "the numbers")
            for place in stride(from: 0, to: 40, by: 2) {
                try requireEqual(
                    events[place].record.detail, events[place + 1].record.detail, "what was appended together")
            }
            let chain = try await subject.other.eventChain()
            try requireEqual(chain.newest.number, 40, "the newest number")
            try requireEqual(chain.newest.mac, events[39].mac, "the newest MAC")
            try await requireSealed(subject)
        },
        Case("an event is read as it was appended") { subject in
            let user = Fixtures.userID()
            let session = Fixtures.sessionID()
            let full = EventRecord(
                .replay, at: Fixtures.start, user: user, session: session, client: "app",
                presenter: Presenter(address: "192.0.2.1", userAgent: "A \"quoted\" \\ agent\u{0}é\u{1F600}"),
                earlierPresenter: Presenter(address: "2001:db8::1"), decision: "replay", reason: .replayDetected,
                count: 3, actor: "command", detail: "more", alarm: .init(rule: "r", score: 90, words: "w", answer: "a"))
            let least = EventRecord(EventKind(rawValue: "of a later version"), at: Fixtures.start)
            try await subject.storage.append([full, least], sealedWith: key)
            let events = try await subject.other.events(EventQuery(.after(0), limit: 10))
            try requireEqual(events.map(\.record), [full, least], "the records")
            try await subject.storage.append([], sealedWith: key)
            try requireEqual(await subject.other.eventChain().newest.number, 2, "after nothing was appended")
        },
        Case("events are found by user, session, kind and time, in both directions") { subject in
            let users = [Fixtures.userID(), Fixtures.userID()]
            let sessions = [Fixtures.sessionID(), Fixtures.sessionID()]
            let kinds: [EventKind] = [.signIn, .repeat, .late]
            // 1 to 12.
            let records = (0..<12).map { number in
                EventRecord(
                    kinds[number % 3], at: Fixtures.start + .seconds(number), user: users[number % 2],
                    session: number < 6 ? sessions[0] : sessions[1])
            }
            try await subject.storage.append(records, sealedWith: key)
            func query(_ order: EventQuery.Order, limit: Int = 100) -> EventQuery { EventQuery(order, limit: limit) }
            try requireEqual(await numbers(subject, query(.after(9))), [10, 11, 12], "after 9")
            try requireEqual(await numbers(subject, query(.after(3), limit: 2)), [4, 5], "two after 3")
            try requireEqual(await numbers(subject, query(.before(nil), limit: 3)), [12, 11, 10], "the newest")
            try requireEqual(await numbers(subject, query(.before(4))), [3, 2, 1], "before 4")
            try requireEqual(await numbers(subject, query(.after(12))), [], "after all")
            try requireEqual(await numbers(subject, query(.after(0), limit: 0)), [], "none")
            var byUser = query(.after(2))
            byUser.user = users[1]
            try requireEqual(await numbers(subject, byUser), [4, 6, 8, 10, 12], "of a user")
            byUser.session = sessions[0]
            try requireEqual(await numbers(subject, byUser), [4, 6], "of a user's session")
            var byKind = query(.before(nil))
            byKind.kinds = [.repeat, .late]
            byKind.since = Fixtures.start + .seconds(6)
            try requireEqual(await numbers(subject, byKind), [12, 11, 9, 8], "of two kinds since a time")
            byKind.user = Fixtures.userID()
            try requireEqual(await numbers(subject, byKind), [], "of a user who has none")
            var ofAMoment = query(.after(0))
            ofAMoment.at = Fixtures.start + .seconds(4)
            try requireEqual(await numbers(subject, ofAMoment), [5], "of a moment")
            ofAMoment.kinds = [.late]
            try requireEqual(await numbers(subject, ofAMoment), [], "of a moment and another kind")
        },
        Case("the oldest events are removed by age and by number, and leave their anchor") { subject in
            let removal: @Sendable (Int) -> EventRecord = {
                EventRecord(.eventsRemoved, at: Fixtures.start + .seconds(100), count: $0)
            }
            func remove(before seconds: Int, keeping count: Int = 1_000, limit: Int = 100) async throws -> Int {
                try await subject.storage.removeEvents(
                    before: Fixtures.start + .seconds(seconds), keeping: count, limit: limit, sealedWith: key,
                    record: removal)
            }
            try requireEqual(await remove(before: 1_000), 0, "where there are none")
            try await subject.storage.append((0..<20).map { record($0, at: $0) }, sealedWith: key)
            try requireEqual(await remove(before: 0), 0, "before the first")
            try requireEqual(await subject.other.eventChain().newest.number, 20, "nothing leaves no record")
            try requireEqual(await remove(before: 5), 5, "by age")
            // 6 to 21 are left.
            try requireEqual(await subject.other.eventChain().anchor.number, 5, "the anchor")
            let left = try await subject.other.events(EventQuery(.after(0), limit: 100))
            try requireEqual(left.map(\.number), Array(6...21), "what is left")
            try requireEqual(left.last?.record, removal(5), "the record of the removal")
            try await requireSealed(subject)
            try requireEqual(await remove(before: 0, keeping: 10, limit: 4), 4, "by number, four at most")
            try requireEqual(await remove(before: 0, keeping: 10, limit: 100), 3, "by number, the rest")
            try await requireSealed(subject)
            try requireEqual(
                await subject.other.events(EventQuery(.after(0), limit: 1)).first?.number, 13, "the first that is left")
            // The newest stays, however old it is.
            try requireEqual(await remove(before: 1_000), 10, "all but the newest")
            try requireEqual(await remove(before: 1_000), 1, "all but the record of the removal")
            try await subject.storage.append([record(0)], sealedWith: key)
            try await requireSealed(subject)
        },
        Case("events are counted by kind and hour, as many as their records stand for") { subject in
            let start = EventCount.hour(of: Fixtures.start)
            func counts(_ kinds: [EventKind], since hour: Int) async throws -> [String] {
                try await subject.other.eventCounts(of: kinds, since: start + .seconds(3_600 * hour + 1)).map {
                    "\($0.kind) \(($0.hour - start).wholeSeconds / 3_600) \($0.count)"
                }.sorted()
            }
            let records = [
                EventRecord(.signIn, at: start), EventRecord(.signIn, at: start + .milliseconds(3_599_999)),
                EventRecord(.renewals, at: start + .seconds(3_600), count: 40), EventRecord(.replay, at: start),
            ]
            try await subject.storage.append(records, sealedWith: key)
            try await subject.storage.append(
                [EventRecord(.signIn, at: start), EventRecord(.renewals, at: start + .seconds(3_660), count: 2)],
                sealedWith: key)
            let kinds: [EventKind] = [.signIn, .renewals, .repeat]
            try requireEqual(await counts(kinds, since: 0), ["renewals 1 42", "sign_in 0 3"], "of the kinds")
            try requireEqual(await counts(kinds, since: 1), ["renewals 1 42"], "since the second hour")
            try requireEqual(await counts([], since: 0), [], "of no kind")
            _ = try await subject.storage.removeEvents(
                before: start + .seconds(3_600), keeping: 1_000, limit: 100, sealedWith: key
            ) { EventRecord(.eventsRemoved, at: start + .seconds(9_000), count: $0) }
            try requireEqual(await counts(kinds, since: 0), ["renewals 1 42"], "after the first hour was removed")
        },
        Case("an end of the events that was not sealed here is not covered up") { subject in
            try await subject.storage.append([record(1)], sealedWith: EventKey(MasterKey()))
            try await subject.storage.append([record(2)], sealedWith: key)
            let events = try await subject.other.events(EventQuery(.after(0), limit: 10))
            try requireEqual(events.map(\.record.kind), [.signIn, .eventsTampered, .signIn], "the kinds")
            try requireEqual(events.map(\.number), [1, 3, 4], "the numbers, with a gap")
        },
    ]
}
