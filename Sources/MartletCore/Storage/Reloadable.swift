import Synchronization

/// What storage holds, as it was read last.
///
/// Reads may overlap: one that began earlier never replaces what a later one has brought.
final class Reloadable<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var reads = 0
        var newestRead = 0
    }

    private let state: Mutex<State>

    init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    var value: Value { state.withLock { $0.value } }

    func reload(_ read: () async throws(AuthorityError) -> Value) async throws(AuthorityError) {
        let number = state.withLock { state in
            state.reads += 1
            return state.reads
        }
        let value = try await read()
        state.withLock { state in
            guard number > state.newestRead else { return }
            state.newestRead = number
            state.value = value
        }
    }
}
