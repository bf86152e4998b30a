import ServiceLifecycle

/// Repeats until the task is cancelled or the service is shut down.
///
/// - Parameter state: what the work keeps from one time to the next.
func everySoOften<State: Sendable>(
    _ interval: Duration, keeping state: State, _ work: @escaping @Sendable (inout State) async -> Void
) async {
    await cancelWhenGracefulShutdown {
        var state = state
        while !Task.isCancelled {
            await work(&state)
            try? await Task.sleep(for: interval, clock: .continuous)
        }
    }
}
