import ServiceLifecycle

/// Repeats until the task is cancelled or the service is shut down.
func everySoOften(_ interval: Duration, _ work: @escaping @Sendable () async -> Void) async {
    await cancelWhenGracefulShutdown {
        while !Task.isCancelled {
            await work()
            try? await Task.sleep(for: interval, clock: .continuous)
        }
    }
}
