import MartletProtocol

@testable import MartletCore

/// A story to be replayed to detection: what happened, labelled with whether it is an attack and of what kind.
struct Trace: Sendable {
    let name: String
    /// The rule that an attack has to raise; nil for an honest one.
    let attack: WatchRule?
    let sightings: [Sighting]

    static let start = Timestamp(seconds: 1_767_225_600)
    static let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    static let updated = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
    static let app = "Example/3.2 (iPhone; iOS 18.5)"
    static let script = "python-requests/2.34.2"
    static let berlin = Coordinates(latitude: 52.52, longitude: 13.40)
    static let potsdam = Coordinates(latitude: 52.39, longitude: 13.06)
    static let singapore = Coordinates(latitude: 1.35, longitude: 103.82)

    static let home = Presenter(address: "192.0.2.7", userAgent: firefox)
    static let phone = Presenter(address: "192.0.2.8", userAgent: app)
    static let thief = Presenter(address: "203.0.113.66", userAgent: script)

    static func session(_ number: Int) -> SessionID {
        var random = SteadyRandom(state: UInt64(number))
        return SessionID(at: start, using: &random)
    }

    /// The same numbers each time, so that a trace is always the same.
    private struct SteadyRandom: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = (state &+ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
            return state ^ (state >> 31)
        }
    }

    /// Renewals of one session, each by a presenter at a place so many seconds after the start.
    static func renewals(
        of number: Int = 1, _ steps: [(second: Int, by: Presenter, at: Coordinates?)]
    ) -> [Sighting] {
        var earlier: Presenter?
        return steps.map { step in
            defer { earlier = step.by }
            return Sighting(
                .renewal, at: start + .seconds(step.second), session: session(number), presenter: step.by,
                earlier: earlier, place: step.at)
        }
    }

    static func address(_ address: String, _ userAgent: String = firefox) -> Presenter {
        Presenter(address: address, userAgent: userAgent)
    }
}

extension Trace {
    static let all = honest + hostile

    static let honest: [Trace] = [
        Trace(
            name: "a phone that changes mobile networks and loses answers", attack: nil,
            sightings: renewals(
                (0..<200).map { (second: $0 * 1_500, by: address("100.64.\($0 % 50).9", app), at: berlin) })
                + (0..<20).map { number in
                    Sighting(
                        .repeated, at: start + .seconds(number * 1_500 + 2), session: session(1),
                        presenter: address("100.65.\(number).9", app), earlier: address("100.64.\(number).9", app),
                        place: berlin)
                }),
        Trace(
            name: "a carrier's NAT with 2,000 sessions", attack: nil,
            sightings: (0..<4_000).map { number in
                Sighting(
                    .renewal, at: start + .milliseconds(number * 200), session: session(number % 2_000),
                    presenter: address("100.64.0.\(number % 200)", number.isMultiple(of: 2) ? app : firefox),
                    earlier: address("100.64.0.\(number % 200)", number.isMultiple(of: 2) ? app : firefox),
                    place: berlin)
            }),
        Trace(
            name: "a VPN that is switched on and off", attack: nil,
            sightings: renewals([
                (0, home, berlin), (1_500, home, berlin), (1_700, address("198.51.100.3"), singapore),
                (3_200, address("198.51.100.3"), singapore), (4_700, home, berlin), (6_200, home, berlin),
            ])),
        Trace(
            name: "a browser update", attack: nil,
            sightings: renewals([(0, home, berlin), (1_500, address("192.0.2.7", updated), berlin)])
                + [
                    Sighting(
                        .signIn(UserPast(devices: [UserAgentFamily(firefox)], lastSeenAt: start)),
                        at: start + .seconds(2_000), session: session(2), presenter: address("192.0.2.7", updated))
                ]),
        Trace(
            name: "an office behind one address, on Monday morning", attack: nil,
            sightings: (0..<300).flatMap { number -> [Sighting] in
                let office = address("198.51.100.9", number.isMultiple(of: 3) ? app : firefox)
                let from = address("192.0.\(number % 250).7", office.userAgent)
                let at = start + .seconds(number)
                var seen = [
                    Sighting(
                        .renewal, at: at, session: session(number), presenter: office, earlier: from, place: berlin)
                ]
                if number.isMultiple(of: 4) {
                    seen.append(Sighting(.wrongPassword, at: at, presenter: office, triedName: UInt64(number)))
                }
                if number.isMultiple(of: 2) {
                    let past = UserPast(devices: [UserAgentFamily(office.userAgent)], lastSeenAt: start)
                    seen.append(Sighting(.signIn(past), at: at, session: session(1_000 + number), presenter: office))
                }
                return seen
            }),
        Trace(
            name: "a server that renders pages for 5,000 sessions", attack: nil,
            sightings: (0..<10_000).map { number in
                let server = address("198.51.100.200", "next-server/15.1")
                return Sighting(
                    .renewal, at: start + .milliseconds(number * 20), session: session(number % 5_000),
                    presenter: server, earlier: server, place: berlin)
            }),
        Trace(
            name: "a commuter, and a flight to Singapore", attack: nil,
            sightings: renewals([
                (0, phone, berlin), (3_600, address("100.64.1.1", app), potsdam), (7_200, phone, berlin),
                (7_200 + 13 * 3_600, address("203.0.113.7", app), singapore),
            ])),
        Trace(
            name: "a dozen tabs that are opened at once, each asking once more", attack: nil,
            sightings: renewals([(0, home, berlin)])
                + (0..<12).map { number in
                    Sighting(
                        .repeated, at: start + .milliseconds(number * 30), session: session(1), presenter: home,
                        earlier: home, place: berlin)
                }),
        Trace(
            name: "a device that was signed out elsewhere, and is told", attack: nil,
            sightings: (0..<2).map {
                Sighting(
                    .ended, at: start + .seconds($0), session: session(1), presenter: phone, earlier: phone)
            }),
        Trace(
            name: "somebody who comes back after half a year", attack: nil,
            sightings: [
                Sighting(
                    .signIn(
                        UserPast(devices: [UserAgentFamily(firefox)], lastSeenAt: start - .seconds(180 * 86_400))),
                    at: start, session: session(1), presenter: address("192.0.2.7", updated))
            ]),
        Trace(
            name: "somebody who signs in for the first time", attack: nil,
            sightings: [Sighting(.signIn(UserPast()), at: start, session: session(1), presenter: home)]),
        Trace(
            name: "somebody who has forgotten the password", attack: nil,
            sightings: (0..<15).map {
                Sighting(.wrongPassword, at: start + .seconds($0 * 20), presenter: home, triedName: 1)
            }),
    ]

    static let hostile: [Trace] = [
        Trace(
            name: "a stolen token, asked for once more elsewhere", attack: .repeatFromElsewhere,
            sightings: renewals([(0, home, nil)])
                + [
                    Sighting(
                        .repeated, at: start + .seconds(60), session: session(1), presenter: thief, earlier: home)
                ]),
        Trace(
            name: "a stolen token that had been used", attack: .replay,
            sightings: [
                Sighting(.replay, at: start, session: session(1), presenter: thief, earlier: home)
            ]),
        Trace(
            name: "a script that renews without a pause", attack: .renewalRate,
            sightings: renewals((0..<400).map { (second: $0 / 4, by: home, at: nil) })),
        Trace(
            name: "a stolen store of tokens", attack: .manySessions,
            sightings: (0..<40).map { number in
                Sighting(
                    .renewal, at: start + .seconds(number), session: session(number), presenter: thief,
                    earlier: address("192.0.\(number).7"))
            }),
        Trace(
            name: "a thief on another continent", attack: .travel,
            sightings: renewals([(0, home, berlin), (1_500, home, berlin), (1_900, thief, singapore)])),
        Trace(
            name: "one device in two places at once", attack: .travel,
            sightings: renewals(
                (0..<8).map { number in
                    number.isMultiple(of: 2)
                        ? (second: number * 60, by: home, at: berlin)
                        : (second: number * 60, by: address("203.0.113.66"), at: singapore)
                })),
        Trace(
            name: "a token that was copied to another browser at home", attack: .deviceChange,
            sightings: renewals([(0, home, berlin), (1_500, address("192.0.2.7", script), berlin)])),
        Trace(
            name: "a stolen password", attack: .newDevice,
            sightings: [
                Sighting(
                    .signIn(UserPast(devices: [UserAgentFamily(firefox)], lastSeenAt: start - .seconds(3_600))),
                    at: start, session: session(1), presenter: thief)
            ]),
        Trace(
            name: "one password tried on 500 names", attack: .passwordSpraying,
            sightings: (0..<500).map {
                Sighting(.wrongPassword, at: start + .seconds($0), presenter: thief, triedName: UInt64($0 + 1))
            }),
        Trace(
            name: "a list of stolen passwords, from a hosted network with accounts of its own",
            attack: .passwordSpraying,
            sightings: (0..<300).flatMap { number -> [Sighting] in
                let at = start + .seconds(number)
                var seen = [
                    Sighting(.wrongPassword, at: at, presenter: thief, triedName: UInt64(number + 1))
                ]
                if number.isMultiple(of: 20) {
                    seen.append(Sighting(.signIn(UserPast()), at: at, session: session(number), presenter: thief))
                }
                return seen
            }),
        Trace(
            name: "a botnet that tries one name", attack: .nameUnderAttack,
            sightings: (0..<200).map {
                Sighting(
                    .wrongPassword, at: start + .seconds($0 * 5), presenter: address("203.0.\($0).1", script),
                    triedName: 1)
            }),
        Trace(
            name: "an account that slept, taken over", attack: .longSilence,
            sightings: [
                Sighting(
                    .signIn(
                        UserPast(devices: [UserAgentFamily(firefox)], lastSeenAt: start - .seconds(400 * 86_400))),
                    at: start, session: session(1), presenter: thief)
            ]),
        Trace(
            name: "a thief who goes on after the end", attack: .endedSession,
            sightings: [Sighting(.ended, at: start, session: session(1), presenter: thief, earlier: home)]),
        Trace(
            name: "a client that does not hear of the end", attack: .endedSession,
            sightings: (0..<50).map {
                Sighting(.ended, at: start + .seconds($0), session: session(1), presenter: home, earlier: home)
            }),
    ]
}
