import MartletCore
import MartletProtocol
import Synchronization

/// The numbers of the overview. With a million sessions it takes storage a while to count them, so they are counted
/// beside the requests, once for all who look within a minute, and shown with their time.
final class FiguresCache: Sendable {
    typealias Count = @Sendable (Timestamp) async throws(AuthorityError) -> Overview

    static let days = 14
    /// Younger ones are shown as they are.
    private static let fresh: Duration = .seconds(60)
    /// Up to this age they are shown, and counted anew for the next one who looks.
    private static let usable: Duration = .seconds(600)

    /// How often, and with which pause, a request looks whether they are there.
    struct Patience {
        let looks: Int
        let pause: Duration

        /// Of a page that comes again by itself.
        static let ofPages = Patience(looks: 4, pause: .milliseconds(4))
        /// Of a script, which has to be told to come again: two seconds in all.
        static let ofScripts = Patience(looks: 100, pause: .milliseconds(20))
    }

    private struct State {
        var counted: Overview?
        var isCounting = false
        /// How many counts have failed, and how the last of them did.
        var failures = 0
        var failure: AuthorityError?
    }

    private let clock: Clock
    private let work: Count
    private let state = Mutex(State())

    init(clock: Clock, count: @escaping Count) {
        self.clock = clock
        work = count
    }

    convenience init(_ authority: Authority) {
        self.init(clock: authority.clock) { now async throws(AuthorityError) in
            let times = (0...Self.days).map { now - .seconds(86_400 * (Self.days - $0)) }
            return Overview(
                figures: try await authority.figures(between: times),
                events: try await authority.eventCounts(of: Overview.kinds, between: times),
                recorded: authority.settings.events.renewals, at: now, times: times)
        }
    }

    /// - Returns: nil where they are being counted, and are not there yet.
    /// - Throws: where an attempt fails meanwhile; the next one to ask begins another.
    func figures(_ patience: Patience = .ofPages) async throws(AuthorityError) -> Overview? {
        let failuresBefore = state.withLock { $0.failures }
        for _ in 0..<patience.looks {
            if let known = known() { return known }
            if let failure = state.withLock({ $0.failures == failuresBefore ? nil : $0.failure }) { throw failure }
            try? await Task.sleep(for: patience.pause)
        }
        return known()
    }

    var isCounting: Bool { state.withLock { $0.isCounting } }

    /// Has them counted where they are not fresh, for whoever is about to look.
    func begin() {
        let now = clock.now
        let isDue = state.withLock { state in
            guard !state.isCounting, !isYounger(state.counted, than: Self.fresh, at: now) else { return false }
            state.isCounting = true
            return true
        }
        // Unstructured, because it outlives the request that it was begun for.
        if isDue { Task { await self.count(at: now) } }
    }

    private func known() -> Overview? {
        begin()
        let now = clock.now
        return state.withLock { isYounger($0.counted, than: Self.usable, at: now) ? $0.counted : nil }
    }

    /// A clock that was set back does not make numbers from the future good for ever.
    private func isYounger(_ overview: Overview?, than age: Duration, at now: Timestamp) -> Bool {
        overview.map { now - $0.at >= .zero && now - $0.at < age } ?? false
    }

    private func count(at now: Timestamp) async {
        let result: Result<Overview, AuthorityError>
        do throws(AuthorityError) {
            result = .success(try await work(now))
        } catch {
            result = .failure(error)
        }
        state.withLock { state in
            switch result {
            case .success(let counted): state.counted = counted
            case .failure(let error):
                state.failures += 1
                state.failure = error
            }
            state.isCounting = false
        }
    }
}
