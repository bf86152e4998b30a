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

    /// Storage that fails once the first alarm is reported, which is before its session is ended, and until the watcher
    /// has said so.
    private final class Fault: Sendable {
        let storage = InMemoryStorage()
        let isOver = Reached()
        private let hasBegun = Mutex(false)

        func begin() {
            let isFirst = hasBegun.withLock { hasBegun in
                defer { hasBegun = true }
                return !hasBegun
            }
            if isFirst { storage.fail(with: StorageError(.full, detail: "no space left")) }
        }

        var logger: Logger {
            let log = CapturedLog { [storage, isOver] line in
                guard line.hasPrefix("error ") else { return }
                storage.fail(with: nil)
                isOver.mark()
            }
            return log.logger
        }
    }

    /// Runs an authority whose events are watched, and gives the alarms as they come. When this returns, the watcher has
    /// stopped.
    private func watching<Value>(
        _ settings: WatchSettings = .init(), places: Places? = nil, interval: Duration = .seconds(3_600),
        fault: Fault? = nil, _ work: (Watched) async throws -> Value
    ) async throws -> Value {
        let watcher = Watcher(settings, places: places, interval: interval)
        let (alarms, continuation) = AsyncStream<AuthorityEvent>.makeStream()
        let clock = TestClock()
        let authority = try await Authority(
            settings: AuthoritySettings(
                issuer: ServedAuthority.issuer, passwordParameters: PasswordParameters(memory: 8_192, iterations: 1)),
            storage: fault?.storage ?? InMemoryStorage(), masterKey: MasterKey(), clock: clock.clock,
            report: { event in
                watcher.note(event)
                guard case .alarm = event.kind else { return }
                fault?.begin()
                continuation.yield(event)
            })
        _ = try await authority.addUser(
            username: "alice", password: ServedAuthority.password, email: nil, roles: [])
        let logger = fault?.logger ?? .silent
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watcher.watch(authority, logger: logger) }
            let value = try await work(Watched(authority: authority, clock: clock, alarms: alarms))
            group.cancelAll()
            return value
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

    /// Its alarm is not raised once more, whatever the thief does.
    @Test(.timeLimit(.minutes(10))) func aSessionThatCouldNotBeEndedIsEndedLater() async throws {
        var settings = WatchSettings()
        settings[.deviceChange] = .end
        let fault = Fault()
        try await watching(settings, interval: .milliseconds(1), fault: fault) { watched in
            let tokens = try await signIn(watched.authority, from: Self.home)
            _ = try await watched.authority.renew(tokens.refreshToken, from: .implied, presenter: Self.thief)
            await fault.isOver.wait()
            var end: EndReason?
            while end == nil {
                end = try await watched.authority.session(tokens.session.id)?.end?.reason
                await Task.yield()
            }
            #expect(end == .suspiciousActivity)
        }
    }

    @Test(.timeLimit(.minutes(10))) func whatCouldNotBeEndedIsTriedOnceMoreWhenTheWatcherStops() async throws {
        var settings = WatchSettings()
        settings[.deviceChange] = .end
        let fault = Fault()
        let id = try await watching(settings, fault: fault) { watched in
            let tokens = try await signIn(watched.authority, from: Self.home)
            _ = try await watched.authority.renew(tokens.refreshToken, from: .implied, presenter: Self.thief)
            await fault.isOver.wait()
            return tokens.session.id
        }
        #expect(try await fault.storage.session(id)?.end?.reason == .suspiciousActivity)
    }

    /// One renewal raises two; the session cannot be ended for the first of them.
    @Test(.timeLimit(.minutes(10))) func anAlarmThatCannotBeAnsweredHidesNoOther() async throws {
        var settings = WatchSettings()
        settings[.deviceChange] = .end
        settings[.renewalRate] = .end
        let fault = Fault()
        try await watching(settings, fault: fault) { watched in
            let first = try await signIn(watched.authority, from: Self.home)
            var token = first.refreshToken
            // With the sign-in this is all that a minute allows.
            for _ in 1..<60 {
                token = try await watched.authority.renew(token, from: .implied, presenter: Self.home).refreshToken
            }
            _ = try await watched.authority.renew(token, from: .implied, presenter: Self.thief)
            await fault.isOver.wait()
            watched.clock.advance(by: .seconds(1))
            _ = try await signIn(watched.authority, from: Presenter(address: "192.0.2.7", userAgent: "curl/8.5.0"))
            var found: [WatchRule] = []
            for await event in watched.alarms {
                guard case .alarm(let alarm) = event.kind else { continue }
                found.append(alarm.rule)
                if alarm.rule == .newDevice { break }
            }
            #expect(found == [.deviceChange, .renewalRate, .newDevice])
            // The answer to the second did what that to the first did not.
            #expect(try await watched.authority.session(first.session.id)?.end?.reason == .suspiciousActivity)
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
