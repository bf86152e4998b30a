import Logging
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletServer

/// Detection as the server runs it: from the engine's events to what is done about an alarm.
struct WatcherTests {
    private static let home = Presenter(address: "192.0.2.7", userAgent: "Firefox/140.0")
    private static let thief = Presenter(address: "203.0.113.66", userAgent: "python-requests/2.34")

    private struct Watched {
        let authority: Authority
        let clock: TestClock
        let alarms: AsyncStream<AuthorityEvent>
    }

    /// Runs an authority whose events are watched, and gives the alarms as they come.
    private func watching(
        _ settings: WatchSettings = .init(), places: Places? = nil, _ work: (Watched) async throws -> Void
    ) async throws {
        let watcher = Watcher(settings, places: places)
        let (alarms, continuation) = AsyncStream<AuthorityEvent>.makeStream()
        let clock = TestClock()
        let authority = try await Authority(
            settings: AuthoritySettings(
                issuer: ServedAuthority.issuer, passwordParameters: PasswordParameters(memory: 8_192, iterations: 1)),
            storage: InMemoryStorage(), masterKey: MasterKey(), clock: clock.clock,
            report: { event in
                watcher.note(event)
                if case .alarm = event.kind { continuation.yield(event) }
            })
        _ = try await authority.addUser(
            username: "alice", password: ServedAuthority.password, email: nil, roles: [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await watcher.watch(authority, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            }
            try await work(Watched(authority: authority, clock: clock, alarms: alarms))
            group.cancelAll()
        }
    }

    private func signIn(_ authority: Authority, from presenter: Presenter) async throws -> IssuedTokens {
        let client = try #require(try await authority.clients.client(ClientRegistration.firstPartyID))
        return try await authority.signIn(
            SignIn(
                username: "alice", password: ServedAuthority.password, client: client, presenter: presenter))
    }

    @Test(arguments: [WatchAnswer.end, .signIn])
    func aSessionThatGoesOnElsewhereEndsWhereThatIsTheAnswer(answer: WatchAnswer) async throws {
        var settings = WatchSettings()
        settings[.deviceChange] = answer
        try await watching(settings) { watched in
            let tokens = try await signIn(watched.authority, from: Self.home)
            let stolen = try await watched.authority.renew(
                tokens.refreshToken, from: .implied, presenter: Self.thief)
            var alarms = watched.alarms.makeAsyncIterator()
            let event = try #require(await alarms.next())
            guard case .alarm(let alarm) = event.kind else { return }
            #expect(alarm.rule == .deviceChange && alarm.answer == answer)
            #expect(event.session == tokens.session.id)
            #expect(event.presenter == Self.thief && event.earlierPresenter == Self.home)
            // The alarm is reported before the end; a renewal is refused once that is written.
            var end: EndReason?
            while end == nil {
                end = try await watched.authority.session(tokens.session.id)?.end?.reason
                await Task.yield()
            }
            #expect(end == .suspiciousActivity)
            let error = await #expect(throws: AuthorityError.self) {
                try await watched.authority.renew(stolen.refreshToken, from: .implied, presenter: Self.thief)
            }
            #expect(error?.reason == .suspiciousActivity)
        }
    }

    @Test func aNewDeviceIsOneThatNoEarlierSessionHad() async throws {
        try await watching { watched in
            for presenter in [Self.home, Presenter(address: "192.0.2.9", userAgent: "Firefox/141.0"), Self.thief] {
                _ = try await signIn(watched.authority, from: presenter)
                // Which session is the earlier one is told by its id, to the millisecond.
                watched.clock.advance(by: .seconds(1))
            }
            var alarms = watched.alarms.makeAsyncIterator()
            let event = try #require(await alarms.next())
            guard case .alarm(let alarm) = event.kind else { return }
            #expect(alarm.rule == .newDevice && alarm.answer == .tell)
            #expect(event.presenter == Self.thief)
        }
    }

    /// One session at both ends of the world within ten minutes: by the same device, which may be a VPN, and by another.
    @Test(.placesDatabase, .timeLimit(.minutes(10)))
    func aSessionThatTravelsIsFoundByWhereItsAddressesAre() async throws {
        let (berlin, wellington) = (PlacesDatabase.inBerlin[0], PlacesDatabase.inWellington[0])
        try await PlacesDatabase.with { path in
            try await watching(places: Places(path: path)) { watched in
                let tokens = try await signIn(
                    watched.authority, from: Presenter(address: berlin, userAgent: Self.home.userAgent))
                watched.clock.advance(by: .seconds(600))
                let far = Presenter(address: wellington, userAgent: Self.home.userAgent)
                let moved = try await watched.authority.renew(tokens.refreshToken, from: .implied, presenter: far)
                let other = Presenter(address: berlin, userAgent: Self.thief.userAgent)
                _ = try await watched.authority.renew(moved.refreshToken, from: .implied, presenter: other)
                var alarms = watched.alarms.makeAsyncIterator()
                var found: [Found] = []
                while found.count < 3, let event = await alarms.next() {
                    guard case .alarm(let alarm) = event.kind else { continue }
                    found.append(Found(rule: alarm.rule, answer: alarm.answer, presenter: event.presenter))
                }
                #expect(
                    found == [
                        Found(rule: .travel, answer: .record, presenter: far),
                        Found(rule: .deviceChange, answer: .tell, presenter: other),
                        Found(rule: .travel, answer: .tell, presenter: other),
                    ])
            }
        }
    }

    private struct Found: Equatable {
        let rule: WatchRule
        let answer: WatchAnswer
        let presenter: Presenter?
    }
}
