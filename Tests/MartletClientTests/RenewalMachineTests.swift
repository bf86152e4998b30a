import MartletProtocol
import Testing

@testable import MartletClient

/// The renewal as a pure machine: input by input, without a clock, a store or a network.
struct RenewalMachineTests {
    typealias Action = RenewalMachine.Action

    static let start = ContinuousClock.now
    static let offline = MartletClientError(.offline, "")

    /// A machine that has been told to start, and what it wants next.
    private struct Run {
        var machine: RenewalMachine
        var now = start

        init(backoff: Backoff = Backoff()) {
            machine = RenewalMachine(
                settings: .init(
                    server: "https://as", client: "first-party", patience: .seconds(10), attemptTimeout: .seconds(20)),
                backoff: backoff, at: now)
        }

        mutating func feed(_ input: RenewalMachine.Input, after pause: Duration = .zero) -> Action {
            now += pause
            return machine.handle(input, at: now, random: 1)
        }

        /// Up to the moment where the token of `saved` is presented.
        mutating func present(_ saved: SavedSession) {
            #expect(feed(.started) == .attempt)
            #expect(feed(.loaded(saved, isNeeded: true)) == .present(saved, before: now + .seconds(20)))
        }
    }

    @Test func renews() {
        var run = Run()
        let saved = saved("t1")
        run.present(saved)
        let grant = grant("t2")
        #expect(
            run.feed(.answered(.granted(grant)), after: .seconds(2))
                == .replace(if: .holdsToken("t1"), with: self.saved("t2")))
        // Its life counts from the answer, not from when it was stored.
        #expect(
            run.feed(.replaced(true), after: .seconds(1))
                == .finish(.renewed(grant, receivedAt: Self.start + .seconds(2))))
        #expect(run.machine.backoff.failures == 0)
    }

    @Test func anAnswerThatLayAroundWhileTheMachineSleptIsNoYoungerForThat() {
        var run = Run()
        run.present(saved("t1"))
        _ = run.feed(.answered(.granted(grant("t2"))), after: .seconds(1_200))
        // It came before the attempt was over.
        #expect(
            run.feed(.replaced(true)) == .finish(.renewed(grant("t2"), receivedAt: Self.start + .seconds(20))))
    }

    @Test func sendsNothingWhereNobodyIsSignedIn() {
        var run = Run()
        _ = run.feed(.started)
        #expect(run.feed(.loaded(nil, isNeeded: true)) == .finish(.empty))
    }

    @Test func sendsNothingWhereItIsNotNeededAnyMore() {
        var run = Run()
        _ = run.feed(.started)
        #expect(run.feed(.loaded(saved("t1"), isNeeded: false)) == .finish(.unneeded))
    }

    @Test(arguments: [("https://other", "first-party"), ("https://as", "other")])
    func neverSendsATokenToAnotherServerOrAsAnotherClient(server: String, client: String) {
        var run = Run()
        var saved = saved("t1")
        saved.server = server
        saved.client = client
        _ = run.feed(.started)
        #expect(
            run.feed(.loaded(saved, isNeeded: true))
                == .finish(.failed(MartletClientError(.storeOfAnotherServer, ""))))
    }

    // MARK: The store changed while the answer was on its way

    @Test func aLateAnswerIsDroppedAndTheStoreCounts() {
        var run = Run()
        run.present(saved("t1"))
        _ = run.feed(.answered(.granted(grant("t2"))))
        #expect(run.feed(.replaced(false)) == .attempt)
        #expect(run.feed(.loaded(saved("s1"), isNeeded: false)) == .finish(.unneeded))
    }

    @Test func aLateRefusalClearsNothingElse() {
        var run = Run()
        run.present(saved("t1"))
        #expect(run.feed(.answered(.ended(.replayDetected))) == .replace(if: .holdsToken("t1"), with: nil))
        #expect(run.feed(.replaced(false)) == .attempt)
        let other = saved("s1")
        #expect(run.feed(.loaded(other, isNeeded: true)) == .present(other, before: run.now + .seconds(20)))
    }

    @Test func anAnswerOfAnotherSessionIsNotStored() {
        var run = Run()
        run.present(saved("t1"))
        var grant = grant("t2")
        var random = SecureRandom()
        grant.session.id = SessionID(at: Timestamp(seconds: 1), using: &random)
        #expect(run.feed(.answered(.granted(grant))) == .pause(.milliseconds(250)))
    }

    // MARK: Ends

    @Test(arguments: [EndReason.revokedByAdmin, nil])
    func anExplicitEndClears(reason: EndReason?) {
        var run = Run()
        run.present(saved("t1"))
        #expect(run.feed(.answered(.ended(reason))) == .replace(if: .holdsToken("t1"), with: nil))
        #expect(run.feed(.replaced(true)) == .finish(.ended(reason)))
    }

    // MARK: Failures

    @Test func pausesLongerEachTimeAndThenGivesUpWithTheSessionKept() {
        var run = Run()
        var action = run.feed(.started)
        var pauses: [Duration] = []
        while true {
            #expect(action == .attempt)
            _ = run.feed(.loaded(saved("t1"), isNeeded: true))
            action = run.feed(.answered(.retry(Self.offline, after: nil)))
            guard case .pause(let pause) = action else { break }
            pauses.append(pause)
            action = run.feed(.woke, after: pause)
        }
        #expect(pauses == [250, 500, 1_000, 2_000, 4_000].map { .milliseconds($0) })
        #expect(action == .finish(.failed(Self.offline)))
        // The next renewal waits for the rest of the pause that was too long for this one.
        var next = Run(backoff: run.machine.backoff)
        next.now = run.now
        next.machine = RenewalMachine(
            settings: .init(
                server: "https://as", client: "first-party", patience: .seconds(10), attemptTimeout: .seconds(20)),
            backoff: run.machine.backoff, at: run.now)
        #expect(next.feed(.started) == .pause(.seconds(8)))
        #expect(next.feed(.woke) == .attempt)
    }

    @Test func honoursRetryAfter() {
        var run = Run()
        run.present(saved("t1"))
        #expect(run.feed(.answered(.retry(Self.offline, after: .seconds(7)))) == .pause(.seconds(7)))
    }

    @Test func aRetryAfterBeyondThePatienceIsToldAndKept() {
        var run = Run()
        run.present(saved("t1"))
        guard case .finish(.failed(let error)) = run.feed(.answered(.retry(Self.offline, after: .seconds(120)))) else {
            Issue.record("did not finish")
            return
        }
        #expect(error.retryAfter == .seconds(120))
        var next = Run(backoff: run.machine.backoff)
        guard case .finish(.failed(let again)) = next.feed(.started, after: .seconds(20)) else {
            Issue.record("sent although the server asked to wait")
            return
        }
        #expect(again.retryAfter == .seconds(100))
        var last = Run(backoff: run.machine.backoff)
        #expect(last.feed(.started, after: .seconds(120)) == .attempt)
    }

    @Test func aRefusalThatIsNoEndKeepsTheSession() {
        var run = Run()
        run.present(saved("t1"))
        let error = MartletClientError(.refused, "")
        #expect(run.feed(.answered(.refused(error))) == .finish(.failed(error)))
    }

    @Test func aStoreThatFailsKeepsTheSession() {
        let error = MartletClientError.storeUnavailable("full")
        var loading = Run()
        _ = loading.feed(.started)
        #expect(loading.feed(.storeFailed(error)) == .finish(.failed(error)))
        var storing = Run()
        storing.present(saved("t1"))
        _ = storing.feed(.answered(.granted(grant("t2"))))
        #expect(storing.feed(.storeFailed(error)) == .finish(.failed(error)))
        var clearing = Run()
        clearing.present(saved("t1"))
        _ = clearing.feed(.answered(.ended(nil)))
        #expect(clearing.feed(.storeFailed(error)) == .finish(.failed(error)))
    }

    // MARK: Reload

    @Test func reloadGoesOnWithAnotherTokenAtOnce() {
        var run = Run()
        run.present(saved("t1"))
        #expect(run.feed(.answered(.reload(after: .seconds(1)))) == .attempt)
        let other = saved("t2")
        #expect(run.feed(.loaded(other, isNeeded: true)) == .present(other, before: run.now + .seconds(20)))
    }

    @Test(arguments: [(nil, 1), (.seconds(3), 3)] as [(Duration?, Int)])
    func reloadWaitsWhereTheStoreHoldsTheSame(after: Duration?, seconds: Int) {
        var run = Run()
        let saved = saved("t1")
        run.present(saved)
        #expect(run.feed(.answered(.reload(after: after))) == .attempt)
        #expect(run.feed(.loaded(saved, isNeeded: true)) == .pause(.seconds(seconds)))
        #expect(run.feed(.woke, after: .seconds(seconds)) == .attempt)
        #expect(run.feed(.loaded(saved, isNeeded: true)) == .present(saved, before: run.now + .seconds(20)))
    }

    // MARK: Pieces

    private let user = RenewalMachineTests.makeUser()

    private static func makeUser() -> SignedInUser {
        var random = SecureRandom()
        let now = Timestamp(seconds: 0)
        return SignedInUser(
            id: UserID(at: now, using: &random), username: "ada", session: SessionID(at: now, using: &random))
    }

    private func saved(_ token: String) -> SavedSession {
        SavedSession(refreshToken: token, user: user, server: "https://as", client: "first-party")
    }

    private func grant(_ refreshToken: String) -> Grant {
        let now = Timestamp(seconds: 0)
        return Grant(
            accessToken: .init(token: "a", expiresIn: .seconds(60), expiresAt: now, renewAt: now),
            refreshToken: .init(refreshToken: refreshToken, expiresIn: .seconds(600), expiresAt: now),
            session: .init(id: user.session, createdAt: now, expiresAt: now),
            user: .init(id: user.id, username: user.username, roles: []))
    }
}
