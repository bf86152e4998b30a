import MartletProtocol

/// Detection: takes in what happens, one thing after the other, and says what its rules find. A pure machine in memory
/// that does not grow; the time is that of what happened.
public struct Watch: Sendable {
    /// What an alarm is about: of one subject, a rule raises one alarm in an hour.
    private enum Subject: Hashable, Sendable {
        case session(SessionID)
        case network(AddressPrefix)
        case name(UInt64)
    }

    private struct Raised: Hashable, Sendable {
        let rule: WatchRule
        let subject: Subject?
    }

    static let again: Duration = .seconds(3_600)

    private let settings: WatchSettings
    private var sessions: HistoryTable<SessionID, SessionHistory>
    private var networks: HistoryTable<AddressPrefix, NetworkHistory>
    private var names: HistoryTable<UInt64, NameHistory>
    private var raised: HistoryTable<Raised, (at: Timestamp, score: Int)?>

    public init(_ settings: WatchSettings) {
        self.settings = settings
        sessions = HistoryTable(most: settings.entries)
        networks = HistoryTable(most: settings.entries)
        names = HistoryTable(most: settings.entries)
        raised = HistoryTable(most: settings.entries)
    }

    /// How many histories are kept.
    var count: Int { sessions.count + networks.count + names.count + raised.count }

    public mutating func observe(_ seen: Sighting) -> [Alarm] {
        var alarms: [Alarm] = []
        for (finding, subject) in findings(seen) {
            guard isNews(finding, subject, at: seen.at) else { continue }
            alarms.append(
                Alarm(
                    finding.rule, score: finding.score, reason: finding.reason,
                    answer: settings.answer(to: finding.rule, score: finding.score)))
        }
        return alarms
    }

    private mutating func findings(_ seen: Sighting) -> [(Rules.Finding, Subject?)] {
        let session = seen.session.map { Subject.session($0) }
        switch seen.kind {
        case .signIn(let past):
            if let network = seen.network {
                networks.update(network, from: NetworkHistory()) { if $0.tried.count > 0 { $0.signIns += 1 } }
            }
            if let id = seen.session { _ = renewed(id, seen) }
            return [Rules.newDevice(seen, past), Rules.longSilence(seen, past)].compactMap { $0.map { ($0, session) } }
        case .wrongPassword:
            return wrongPassword(seen)
        case .renewal:
            var found: [(Rules.Finding, Subject?)] = []
            if let finding = Rules.deviceChange(seen) { found.append((finding, session)) }
            if let id = seen.session { found += renewed(id, seen).map { ($0, session) } }
            // Nearly every renewal comes from where the session was, so its address is not taken apart.
            if seen.isOtherDevice, seen.isOtherNetwork, let id = seen.session, let network = seen.network {
                let finding = networks.update(network, from: NetworkHistory()) { history in
                    history.strays.add(id, at: seen.at, within: Rules.straysWithin)
                    return Rules.manySessions(history)
                }
                // Of the session, since each of them is answered.
                if let finding { found.append((finding, session)) }
            }
            return found
        case .repeated:
            var found = [Rules.repeatFromElsewhere(seen)].compactMap(\.self)
            if let id = seen.session { found += renewed(id, seen) }
            return found.map { ($0, session) }
        case .replay:
            return [(Rules.replay(seen), session)]
        case .ended:
            guard let id = seen.session else { return [] }
            let finding = sessions.update(id, from: SessionHistory()) { history in
                history.afterEnd += 1
                return Rules.endedSession(seen, history)
            }
            return finding.map { [($0, session)] } ?? []
        }
    }

    private mutating func renewed(_ id: SessionID, _ seen: Sighting) -> [Rules.Finding] {
        sessions.update(id, from: SessionHistory()) { history in
            if let minute = history.minute, (.zero ... .seconds(60)).contains(seen.at - minute) {
                history.renewals += 1
            } else {
                history.minute = seen.at
                history.renewals = 1
            }
            let found = [Rules.renewalRate(history), Rules.travel(seen, history)].compactMap(\.self)
            if Rules.isJump(seen, history) { history.jumps = history.jumps.suffix(7) + [seen.at] }
            if let place = seen.place {
                history.place = place
                history.placedAt = seen.at
            }
            return found
        }
    }

    private mutating func wrongPassword(_ seen: Sighting) -> [(Rules.Finding, Subject?)] {
        guard let network = seen.network, let name = seen.triedName else { return [] }
        var found: [(Rules.Finding, Subject?)] = []
        let spraying = networks.update(network, from: NetworkHistory()) { history in
            if history.tried.add(name, at: seen.at, within: Rules.sprayedWithin).begins { history.signIns = 0 }
            return Rules.passwordSpraying(history)
        }
        if let spraying { found.append((spraying, .network(network))) }
        let attack = names.update(name, from: NameHistory()) { history in
            history.networks.add(network, at: seen.at, within: Rules.attackWithin)
            return Rules.nameUnderAttack(history)
        }
        if let attack { found.append((attack, .name(name))) }
        return found
    }

    /// Whether it was not raised of late, or is more certain than it was then.
    private mutating func isNews(_ finding: Rules.Finding, _ subject: Subject?, at now: Timestamp) -> Bool {
        guard let subject else { return true }
        return raised.update(Raised(rule: finding.rule, subject: subject), from: nil) { last in
            if let last, (.zero...Self.again).contains(now - last.at), finding.score <= last.score { return false }
            last = (now, finding.score)
            return true
        }
    }
}
