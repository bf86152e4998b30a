import Logging
import ServiceLifecycle

/// Runs a service for as long as the body takes, and shuts it down gracefully.
func withService(_ service: some Service, _ body: @Sendable @escaping () async throws -> Void) async throws {
    var logger = Logger(label: "service")
    logger.logLevel = .critical
    let group = ServiceGroup(configuration: .init(services: [service], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        do {
            try await body()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
