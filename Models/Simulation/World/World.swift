import MartletProtocol

/// One session in virtual time: its server, the tabs of its client on one store, the network between them, and a
/// thief where there is one.
struct World<Rule: RefreshRule> {
    /// 2026-01-01T00:00:00Z.
    static var start: Timestamp { Timestamp(milliseconds: 1_767_225_600_000) }

    private enum Event {
        /// A tab looks whether to renew.
        case wake(tab: Int)
        case request(Rule.Token, from: Attempt?)
        case answer(RefreshAnswer<Rule.Token>, to: Attempt)
        case timeOut(Attempt)
        case thiefComes
        case powerCut
    }

    /// One request of one tab.
    private struct Attempt: Equatable {
        var tab: Int
        var number: Int
    }

    private struct Pending {
        var attempt: Attempt
        var token: Rule.Token
        var sentAt: Timestamp
    }

    private let conditions: Conditions
    private let plan: ThiefPlan?
    private var random: SplitMix
    private var now: Timestamp
    private var events = EventQueue<Event>()

    // The server
    private var rule: Rule

    // The client
    private let takesLock: Bool
    /// How long a message usually takes.
    private let distance: Milliseconds
    private var store: Rule.Token
    private var renewAt: Timestamp
    private var pending: [Pending?]
    private var attempts = 0
    private var failuresInARow = 0
    /// Until when the device sleeps, has no network, or its app does not run.
    private var awayUntil: Timestamp

    // The thief
    private let theftAfter: Int
    private var loot: Rule.Token?
    private var lastRenewed: Rule.Token?
    private var lastAnswered: Party?

    private var record = Life()

    private enum Party {
        case victim
        case thief
    }

    init(
        rule: Rule, token: Rule.Token, at now: Timestamp, conditions: Conditions, thief: ThiefPlan?, random: SplitMix
    ) {
        var random = random
        self.rule = rule
        self.conditions = conditions
        self.now = now
        plan = thief
        store = token
        let device = Double(random.within(0...999)) / 1_000
        let isShared = device < conditions.lockedTabs + conditions.unlockedTabs
        takesLock = device >= conditions.unlockedTabs
        pending = Array(repeating: nil, count: isShared ? Int(random.within(2...3)) : 1)
        distance = random.within(20...200)
        theftAfter = Int(random.within(1...24))
        renewAt = now + .milliseconds(random.within(0...(.hours(1))))
        awayUntil = now
        self.random = random
        for tab in pending.indices { events.schedule(.wake(tab: tab), at: renewAt + .milliseconds(lag(of: tab))) }
    }

    /// Lives the session's life, to its end or for as long as this.
    mutating func life(lasting period: Milliseconds) -> Life {
        let end = now + .milliseconds(period)
        while record.endedAt == nil, let (time, event) = events.next(), time <= end {
            now = time
            handle(event)
        }
        return record
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .wake(let tab): wake(tab)
        case .request(let token, let attempt): serve(token, to: attempt)
        case .answer(let answer, let attempt): receive(answer, to: attempt)
        case .timeOut(let attempt): giveUp(attempt)
        case .thiefComes: thiefPresents()
        case .powerCut:
            rule.losePower(at: now)
            record.theft?.disturbances += 1
        }
    }

    private mutating func schedule(_ event: Event, in delay: Milliseconds) {
        events.schedule(event, at: now + .milliseconds(delay))
    }
}

// MARK: - The client

extension World {
    /// How much later than the first this tab looks whether to renew. Others mostly find that it is done; once a day
    /// or so they all look at once, as when a browser is started or a laptop opened.
    private mutating func lag(of tab: Int) -> Milliseconds {
        if tab == 0 { return 0 }
        return random.chance(1.0 / 24) ? random.within(0...300) : random.within(.seconds(1)...(.seconds(60)))
    }

    private mutating func wake(_ tab: Int) {
        guard now >= awayUntil else {
            // They all wake up together.
            events.schedule(.wake(tab: tab), at: awayUntil + .milliseconds(random.within(0...300)))
            return
        }
        guard now >= renewAt else {
            events.schedule(.wake(tab: tab), at: renewAt + .milliseconds(lag(of: tab)))
            return
        }
        if takesLock, pending.contains(where: { $0 != nil }) {
            schedule(.wake(tab: tab), in: random.within(500...1_000))
            return
        }
        attempts += 1
        let attempt = Attempt(tab: tab, number: attempts)
        pending[tab] = Pending(attempt: attempt, token: store, sentAt: now)
        send(store, attempt)
    }

    private mutating func send(_ token: Rule.Token, _ attempt: Attempt) {
        if random.chance(conditions.requestsDuplicated) {
            schedule(.request(token, from: nil), in: random.within(50...(.seconds(50))))
        }
        if random.chance(conditions.requestsLost) {
            schedule(.timeOut(attempt), in: Self.patience)
        } else if random.chance(conditions.requestsDelayed) {
            schedule(.timeOut(attempt), in: Self.patience)
            schedule(.request(token, from: attempt), in: random.within(.seconds(1)...(.seconds(50))))
        } else {
            schedule(.request(token, from: attempt), in: latency())
        }
    }

    private mutating func receive(_ answer: RefreshAnswer<Rule.Token>, to attempt: Attempt) {
        guard let asked = finish(attempt) else {
            note(discarded: answer)
            return
        }
        switch answer {
        case .token(let token):
            if random.chance(conditions.crashesBeforeStoring) {
                note(discarded: answer)
                crash(while: attempt.tab)
                return
            }
            failuresInARow = 0
            if Rule.clientComparesAndSets, store != asked.token {
                note(discarded: answer)
            } else {
                keep(token)
            }
            wakeWhenDue(attempt.tab)
        case .reload:
            if store == asked.token {
                schedule(.wake(tab: attempt.tab), in: .seconds(1))
            } else {
                wakeWhenDue(attempt.tab)
            }
        case .ended: preconditionFailure("a session that has ended gets no further")
        }
    }

    private mutating func keep(_ token: Rule.Token) {
        store = token
        record.renewals += 1
        let life =
            random.chance(conditions.secondRenewals)
            ? random.within(.seconds(1)...(.seconds(20))) : random.within(.minutes(57)...(.minutes(60)))
        renewAt = now + .milliseconds(life)
        guard let plan else { return }
        if record.renewals == theftAfter {
            loot = token
            record.theft = Life.Theft()
        }
        if plan.side == .before, loot != nil, life > plan.offset { schedule(.thiefComes, in: life - plan.offset) }
    }

    private mutating func wakeWhenDue(_ tab: Int) {
        events.schedule(.wake(tab: tab), at: max(now, renewAt) + .milliseconds(lag(of: tab)))
    }

    /// The request is over for the client; nil where it was before.
    private mutating func finish(_ attempt: Attempt) -> Pending? {
        guard let found = pending[attempt.tab], found.attempt == attempt else { return nil }
        pending[attempt.tab] = nil
        return found
    }

    /// No answer came. Four retries in five follow soon, from 2 s on and doubling up to 30 s; for the fifth the device
    /// is gone for half a minute to eight hours first.
    private mutating func giveUp(_ attempt: Attempt) {
        guard finish(attempt) != nil else { return }
        failuresInARow += 1
        if random.chance(0.2) {
            awayUntil = now + .milliseconds(random.pause(.seconds(30)...(.hours(8))))
            schedule(.wake(tab: attempt.tab), in: 0)
        } else {
            let backoff: Milliseconds = min(Milliseconds.seconds(2) << min(failuresInARow - 1, 8), .seconds(30))
            schedule(.wake(tab: attempt.tab), in: random.within(backoff * 3 / 4...backoff * 5 / 4))
        }
    }

    /// The process of all tabs dies, and is started again between two seconds and eight hours later.
    private mutating func crash(while tab: Int) {
        awayUntil = now + .milliseconds(random.pause(.seconds(2)...(.hours(8))))
        schedule(.wake(tab: tab), in: 0)
        for other in pending.indices where pending[other] != nil {
            pending[other] = nil
            schedule(.wake(tab: other), in: 0)
        }
    }

    /// How long a client waits for an answer.
    private static var patience: Milliseconds { .seconds(10) }

    private mutating func latency() -> Milliseconds {
        random.chance(0.02) ? random.within(200...2_000) : distance * random.within(80...120) / 100
    }
}

// MARK: - The server, and the thief

extension World {
    private mutating func serve(_ token: Rule.Token, to attempt: Attempt?) {
        let answer = rule.present(token, at: now)
        switch answer {
        case .ended:
            noteRenewal()
            record.endedAt = now
            return
        case .token:
            note(answered: .victim)
            if random.chance(conditions.powerCuts) { schedule(.powerCut, in: random.within(0...999)) }
            if lastRenewed != token {
                lastRenewed = token
                noteRenewal()
                if let plan, plan.side == .after, loot != nil { schedule(.thiefComes, in: plan.offset) }
            }
        case .reload: break
        }
        guard let attempt else {
            note(discarded: answer)
            return
        }
        if random.chance(conditions.answersLost) {
            note(discarded: answer)
            // Where the client has given up already, there is nothing to give up.
            guard let sentAt = pending[attempt.tab]?.sentAt else { return }
            events.schedule(.timeOut(attempt), at: max(now, sentAt + .milliseconds(Self.patience)))
        } else {
            schedule(.answer(answer, to: attempt), in: latency())
        }
    }

    private mutating func thiefPresents() {
        guard let token = loot else { return }
        record.theft?.thiefHasCome = true
        switch rule.present(token, at: now) {
        case .ended: record.endedAt = now
        case .token(let next):
            note(answered: .thief)
            record.theft?.thiefAnswers += 1
            loot = next
        case .reload: break
        }
    }

    private mutating func noteRenewal() {
        if record.theft?.thiefHasCome == true { record.theft?.victimRenewals += 1 }
    }

    private mutating func note(answered party: Party) {
        guard record.theft != nil else { return }
        if let lastAnswered, lastAnswered != party { record.theft?.turns += 1 }
        lastAnswered = party
    }

    private mutating func note(discarded answer: RefreshAnswer<Rule.Token>) {
        if case .token = answer { record.theft?.disturbances += 1 }
    }
}
