import MartletCore
import MartletProtocol
import Synchronization

/// The numbers of the overview. With a million sessions it takes storage a while to count them, so they are counted
/// once for all who look within a minute, and shown with their time.
final class FiguresCache: Sendable {
    static let days = 14
    /// Younger ones are shown as they are.
    private static let fresh: Duration = .seconds(60)
    /// Up to this age they are shown, and counted anew for the next one who looks. Who comes later waits.
    private static let usable: Duration = .seconds(600)

    private struct State {
        var counted: Overview?
        var counting: Task<Result<Overview, AuthorityError>, Never>?
    }

    private let authority: Authority
    private let state = Mutex(State())

    init(_ authority: Authority) {
        self.authority = authority
    }

    func figures() async throws(AuthorityError) -> Overview {
        let now = authority.clock.now
        let (known, counting) = state.withLock { state -> (Overview?, Task<Result<Overview, AuthorityError>, Never>?) in
            // A clock that was set back does not make numbers from the future good for ever.
            let age = state.counted.map { now - $0.at } ?? Self.usable
            if age >= .zero, age < Self.fresh { return (state.counted, nil) }
            // Unstructured, because it outlives the request that it was begun for: others wait for it as well.
            let counting = state.counting ?? Task { await self.count(at: now) }
            state.counting = counting
            return (age >= .zero && age < Self.usable ? state.counted : nil, counting)
        }
        if let known { return known }
        guard let counting else { throw AuthorityError(.internalError, detail: "nothing counts the figures") }
        return try await counting.value.get()
    }

    private func count(at now: Timestamp) async -> Result<Overview, AuthorityError> {
        let times = (0...Self.days).map { now - .seconds(86_400 * (Self.days - $0)) }
        let result: Result<Overview, AuthorityError>
        do throws(AuthorityError) {
            result = .success(
                Overview(
                    figures: try await authority.figures(between: times),
                    events: try await authority.eventCounts(of: Overview.kinds, between: times),
                    recorded: authority.settings.events.renewals, at: now, times: times))
        } catch {
            result = .failure(error)
        }
        state.withLock { state in
            if case .success(let counted) = result { state.counted = counted }
            state.counting = nil
        }
        return result
    }
}
