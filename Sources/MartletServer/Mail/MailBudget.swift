import MartletProtocol
import Synchronization

/// How many mails went to an address lately, so that nobody has a mailbox flooded. Each account has a number of its own,
/// or a stranger's account at the same address could use up its owner's. Bounded: where there are more addresses, those
/// are forgotten that were written to longest ago.
final class MailBudget: Sendable {
    private static let window: Duration = .seconds(86_400)
    private static let addresses = 4_096

    private struct Key: Hashable {
        /// Nil for all accounts of the address together.
        let user: UserID?
        let address: String
        let isAlarm: Bool
    }

    private let perDay: Int
    /// The numbers of the events, and when they were first taken up.
    private let taken = Mutex<[Key: [(number: Int64, at: Timestamp)]]>([:])

    /// - Parameter perDay: alarms, and as many other mails again, that an account is sent in 24 hours. All accounts of an
    ///   address together are sent four times as many, and the first of each in any case.
    init(perDay: Int) {
        self.perDay = perDay
    }

    /// How many addresses are known.
    var count: Int { taken.withLock { $0.count } }

    enum Verdict: Sendable, Hashable {
        case send
        /// No more after this one.
        case sendAsLast
        case leaveOut
    }

    /// Takes a mail up. One that is tried again is the same one.
    func take(
        _ number: Int64, of user: UserID, to address: String, isAlarm: Bool, at now: Timestamp
    ) -> Verdict {
        taken.withLock { taken in
            let key = Key(user: user, address: address.lowercased(), isAlarm: isAlarm)
            let all = Key(user: nil, address: key.address, isAlarm: isAlarm)
            var known = (taken[key] ?? []).filter { now - $0.at < Self.window }
            if let place = known.firstIndex(where: { $0.number == number }) {
                return place == perDay - 1 ? .sendAsLast : .send
            }
            let together = (taken[all] ?? []).filter { now - $0.at < Self.window }
            guard known.count < perDay, known.isEmpty || together.count < 4 * perDay else { return .leaveOut }
            known.append((number, now))
            taken[key] = known
            taken[all] = (together + [(number, now)]).suffix(4 * perDay)
            if taken.count > Self.addresses { Self.forgetOldest(in: &taken) }
            return known.count == perDay ? .sendAsLast : .send
        }
    }

    /// A quarter at once, so that it is not sorted for each mail.
    private static func forgetOldest(in taken: inout [Key: [(number: Int64, at: Timestamp)]]) {
        let byAge = taken.sorted {
            ($0.value.last?.at ?? .init(milliseconds: 0)) < ($1.value.last?.at ?? .init(milliseconds: 0))
        }
        for (key, _) in byAge.prefix(addresses / 4) { taken[key] = nil }
    }
}
