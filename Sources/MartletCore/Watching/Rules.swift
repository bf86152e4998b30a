import MartletProtocol

/// The rules of detection: each a function of what happened and of what is remembered, and of nothing else.
///
/// A score below 50 is for the record: such things happen to honest users too.
enum Rules {
    typealias Finding = (rule: WatchRule, score: Int, reason: String)

    static func repeatFromElsewhere(_ seen: Sighting) -> Finding? {
        switch (seen.isOtherDevice, seen.isOtherNetwork) {
        case (false, false): nil
        // A phone that changed networks asks again for the answer that it lost.
        case (false, true): (.repeatFromElsewhere, 20, "A refresh token came again from another network.")
        case (true, let isOtherNetwork):
            (
                .repeatFromElsewhere, isOtherNetwork ? 70 : 55,
                "A refresh token came again from another device\(isOtherNetwork ? " on another network" : "")."
            )
        }
    }

    static func replay(_ seen: Sighting) -> Finding {
        (
            .replay, seen.isOtherDevice || seen.isOtherNetwork ? 95 : 80,
            "A refresh token was presented that had been used before, so two hold tokens of the session."
        )
    }

    static let renewalsAMinute = 60

    /// Raised once for each minute in which it holds.
    static func renewalRate(_ history: SessionHistory) -> Finding? {
        guard history.renewals == renewalsAMinute + 1 else { return nil }
        return (.renewalRate, 60, "The session was renewed more than \(renewalsAMinute) times in a minute.")
    }

    static let straySessions = 5
    static let straysWithin: Duration = .seconds(600)

    /// An office, a carrier's NAT and a server that renders pages have many sessions at one address, too; but these
    /// bring their devices along, or were there from the start.
    static func manySessions(_ history: NetworkHistory) -> Finding? {
        guard history.strays.count >= straySessions else { return nil }
        return (
            .manySessions, 85,
            "\(history.strays.count) sessions that were elsewhere were renewed from one network by other devices."
        )
    }

    static let aircraft = 1_000.0
    static let distant = 100.0

    /// - Parameter history: as it was before this sighting.
    static func travel(_ seen: Sighting, _ history: SessionHistory) -> Finding? {
        guard isJump(seen, history), let place = seen.place, let before = history.place else { return nil }
        let kilometres = Int(place.distance(to: before))
        let recent = history.jumps.filter { seen.at - $0 <= .seconds(600) }.count
        if recent >= 3 {
            return (.travel, 75, "The session is used in two places at once that are \(kilometres) km apart.")
        }
        // A VPN that is switched on takes the same device to another continent.
        return (
            .travel, seen.isOtherDevice ? 80 : 30,
            "The session went \(kilometres) km faster than an aircraft flies\(seen.isOtherDevice ? ", and to another device" : "")."
        )
    }

    /// Whether the session came here faster than an aircraft flies.
    static func isJump(_ seen: Sighting, _ history: SessionHistory) -> Bool {
        guard let place = seen.place, let before = history.place, let then = history.placedAt else { return false }
        let distance = place.distance(to: before)
        let hours = max(0, Double((seen.at - then).wholeMilliseconds) / 3_600_000)
        return distance > distant && distance > aircraft * hours
    }

    static func deviceChange(_ seen: Sighting) -> Finding? {
        guard seen.isOtherDevice else { return nil }
        return (
            .deviceChange, seen.isOtherNetwork ? 70 : 55,
            "Another device or program went on with the session\(seen.isOtherNetwork ? ", on another network" : "")."
        )
    }

    static func newDevice(_ seen: Sighting, _ past: UserPast) -> Finding? {
        guard past.lastSeenAt != nil, !past.devices.contains(seen.device) else { return nil }
        return (.newDevice, 50, "The user signed in with a device or program that was not seen before.")
    }

    static let sprayedNames = 20
    static let sprayedWithin: Duration = .seconds(600)

    /// Many people who mistype behind one address also sign in there.
    static func passwordSpraying(_ history: NetworkHistory) -> Finding? {
        guard history.tried.count >= sprayedNames, history.tried.count >= 3 * history.signIns else { return nil }
        return (
            .passwordSpraying, 75, "Wrong passwords for \(history.tried.count) or more names came from one network."
        )
    }

    static let attackingNetworks = 10
    static let attackWithin: Duration = .seconds(3_600)

    static func nameUnderAttack(_ history: NameHistory) -> Finding? {
        guard history.networks.count >= attackingNetworks else { return nil }
        return (
            .nameUnderAttack, 75,
            "Wrong passwords for one name came from \(history.networks.count) or more networks."
        )
    }

    static let silence: Duration = .seconds(90 * 86_400)

    static func longSilence(_ seen: Sighting, _ past: UserPast) -> Finding? {
        guard let last = past.lastSeenAt, seen.at - last > silence else { return nil }
        let isNew = !past.devices.contains(seen.device)
        return (
            .longSilence, isNew ? 65 : 30,
            "The user signed in after \((seen.at - last).wholeSeconds / 86_400) days\(isNew ? " with another device" : "")."
        )
    }

    static let afterEnd = 10

    /// A client that was signed out elsewhere asks once or twice, and is told.
    static func endedSession(_ seen: Sighting, _ history: SessionHistory) -> Finding? {
        if seen.isOtherDevice {
            return (.endedSession, 60, "A token of a session that is over was presented by another device.")
        }
        guard history.afterEnd >= afterEnd else { return nil }
        return (.endedSession, 50, "Tokens of a session that is over were presented \(history.afterEnd) times.")
    }
}
