import MartletProtocol
import Testing

@testable import MartletVerifier

/// Every decision of the feed's reader. The bound is 10 s, so that a stream may be silent for 5.
struct RevocationFeedMachineTests {
    typealias Machine = RevocationFeedMachine
    private var machine = Machine(bound: .seconds(10))

    private func event(_ name: RevocationEventName, _ cursor: String) -> Machine.Input {
        .received(RevocationEvent(name, RevocationUpdate(cursor: RevocationCursor(cursor)!, entries: [])))
    }

    @discardableResult
    private mutating func handle(_ input: Machine.Input, at seconds: Double, random: Double = 0) -> Machine.Action {
        machine.handle(input, at: .seconds(seconds), random: random)
    }

    /// A stream that was opened at 0 s and has had its snapshot.
    private mutating func join(_ cursor: String = "e.7") {
        handle(.started, at: 0)
        handle(.signedIn(lifetime: .seconds(1_800)), at: 0)
        handle(.opened, at: 0)
        handle(event(.snapshot, cursor), at: 0)
        handle(.applied, at: 0)
    }

    @Test mutating func fromTheStartToTheFirstEvents() {
        #expect(handle(.started, at: 0) == .signIn)
        #expect(handle(.signedIn(lifetime: nil), at: 1) == .subscribe(after: nil))
        #expect(machine.silentAt == .seconds(6))
        #expect(handle(.opened, at: 2) == .read)
        #expect(machine.silentAt == .seconds(7))
        let update = RevocationUpdate(cursor: RevocationCursor("e.7")!, entries: [])
        #expect(handle(event(.snapshot, "e.7"), at: 3) == .apply(update))
        // Not before it was applied does it count.
        #expect(machine.cursor == nil)
        #expect(machine.silentAt == .seconds(7))
        #expect(handle(.applied, at: 4) == .read)
        #expect(machine.cursor?.description == "e.7")
        #expect(machine.silentAt == .seconds(8))
        for (cursor, name) in [("e.7", .heartbeat), ("e.9", .changes), ("e.11", .heartbeat), ("f.1", .snapshot)]
            as [(String, RevocationEventName)]
        {
            handle(event(name, cursor), at: 5)
            #expect(handle(.applied, at: 5) == .read)
            #expect(machine.cursor?.description == cursor)
        }
    }

    @Test(arguments: [.changes, .heartbeat] as [RevocationEventName])
    mutating func theFirstEventOfAllIsASnapshot(name: RevocationEventName) {
        handle(.started, at: 0)
        handle(.signedIn(lifetime: nil), at: 0)
        handle(.opened, at: 0)
        guard case .giveUp(.violation) = handle(event(name, "e.7"), at: 0) else {
            Issue.record("the event was taken")
            return
        }
        #expect(machine.cursor == nil)
    }

    @Test(
        arguments: [
            (.snapshot, "e.6"), (.changes, "e.6"), (.heartbeat, "e.6"), (.changes, "f.9"), (.heartbeat, "f.9"),
        ] as [(RevocationEventName, String)])
    mutating func whatGoesBackOrChangesItsEpochIsNotTaken(name: RevocationEventName, cursor: String) {
        join()
        guard case .giveUp(let failure) = handle(event(name, cursor), at: 1) else {
            Issue.record("the event was taken")
            return
        }
        #expect(handle(.failed(failure), at: 1) == .pause(until: .seconds(1.25)))
        #expect(machine.cursor?.description == "e.7")
        // The next stream goes on from what is known, and is held to it just so.
        #expect(handle(.woke, at: 1.25) == .subscribe(after: machine.cursor))
        handle(.opened, at: 1.5)
        guard case .giveUp(.violation) = handle(event(name, cursor), at: 1.5) else {
            Issue.record("the event was taken")
            return
        }
    }

    @Test(
        arguments: [
            (.snapshot, "e.7", true), (.snapshot, "e.8", true), (.snapshot, "f.1", true), (.changes, "e.7", true),
            (.changes, "e.9", true), (.heartbeat, "e.9", false),
        ] as [(RevocationEventName, String, Bool)])
    mutating func theFirstEventAfterAResumption(name: RevocationEventName, cursor: String, isTaken: Bool) {
        join()
        handle(.failed(.lost("")), at: 1)
        handle(.woke, at: 2)
        handle(.opened, at: 2)
        guard case .apply = handle(event(name, cursor), at: 2) else { return #expect(!isTaken) }
        #expect(isTaken)
    }

    @Test mutating func whatLayAroundForLongerThanTheBoundSaysNothingOfNow() {
        join()
        #expect(handle(event(.heartbeat, "e.7"), at: 10) != .giveUp(.silent))
        handle(.applied, at: 10)
        #expect(handle(event(.changes, "e.8"), at: 20.001) == .giveUp(.silent))
        #expect(machine.cursor?.description == "e.7")
    }

    @Test(arguments: [RevocationFeedMachine.Failure.cursorRefused, .incomplete])
    mutating func aCursorOfNoUseIsNotSentAgainButHeldAgainstTheSnapshot(failure: Machine.Failure) {
        join()
        handle(.failed(failure), at: 1)
        #expect(handle(.woke, at: 2) == .subscribe(after: nil))
        handle(.opened, at: 2)
        guard case .giveUp(.violation) = handle(event(.changes, "e.8"), at: 2),
            case .giveUp(.violation) = handle(event(.snapshot, "e.6"), at: 2),
            case .apply = handle(event(.snapshot, "e.8"), at: 2)
        else {
            Issue.record("changes need a cursor, and a snapshot must not go back")
            return
        }
        handle(.applied, at: 2)
        handle(.failed(.lost("")), at: 3)
        #expect(handle(.woke, at: 4) == .subscribe(after: RevocationCursor("e.8")))
    }

    @Test mutating func anAccessTokenThatWorkedIsReplacedAtOnceAndANewOneIsNot() {
        join()
        #expect(handle(.failed(.unauthorized), at: 1) == .signIn)
        handle(.signedIn(lifetime: .seconds(60)), at: 1)
        #expect(handle(.failed(.unauthorized), at: 1) == .pause(until: .seconds(1.25)))
        #expect(handle(.woke, at: 2) == .signIn)
    }

    @Test mutating func anAccessTokenIsUsedUntilItIsAboutToEnd() {
        handle(.started, at: 0)
        handle(.signedIn(lifetime: .seconds(60)), at: 0)
        handle(.failed(.lost("")), at: 54)
        #expect(handle(.woke, at: 54.999) == .subscribe(after: nil))
        handle(.failed(.lost("")), at: 54.999)
        #expect(handle(.woke, at: 55) == .signIn)
    }

    @Test mutating func pausesGrowAreJitteredAndAskedFor() {
        var pauses: [Duration] = []
        for attempt in 0..<20 {
            let input: Machine.Input = attempt == 0 ? .started : .woke
            #expect(handle(input, at: 0) == .signIn)
            guard case .pause(let pause) = handle(.failed(.unavailable("")), at: 0, random: 1) else { continue }
            pauses.append(pause)
        }
        #expect(pauses[..<6] == [.seconds(0.5), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15)])
        #expect(pauses[6...].allSatisfy { $0 == .seconds(15) })
        handle(.woke, at: 0)
        #expect(handle(.failed(.unavailable("")), at: 0, random: 0) == .pause(until: .seconds(7.5)))
        for (asked, pause) in [(1, 7.5), (30, 30), (9_999, 300)] as [(Int64, Double)] {
            handle(.woke, at: 0)
            let failure = Machine.Failure.unavailable("", retryAfter: .seconds(asked))
            #expect(handle(.failed(failure), at: 0, random: 0) == .pause(until: .seconds(pause)))
        }
    }

    @Test mutating func onlyAStreamThatLivesEndsTheTrouble() {
        for _ in 0..<3 {
            join()
            machine.stop()
        }
        handle(.started, at: 0)
        for _ in 0..<4 {
            handle(.failed(.unavailable("")), at: 0)
            handle(.woke, at: 0)
        }
        handle(.signedIn(lifetime: nil), at: 0)
        handle(.opened, at: 0)
        for seconds in [0, 4.9] {
            handle(event(.snapshot, "e.7"), at: seconds)
            handle(.applied, at: seconds)
        }
        #expect(handle(.failed(.lost("")), at: 4.9) == .pause(until: .seconds(4.9 + 4)))
        handle(.woke, at: 10)
        handle(.opened, at: 10)
        for seconds in [10.0, 15] {
            handle(event(.snapshot, "e.7"), at: seconds)
            handle(.applied, at: seconds)
        }
        #expect(handle(.failed(.lost("")), at: 15) == .pause(until: .seconds(15.25)))
    }
}
