import MartletProtocol
import ServiceLifecycle

extension Verifier {
    /// How often tokens that have expired are looked for. They are not accepted any more, and hold memory only. A lease
    /// that the wall clock has left is ended then, too.
    private static let forgettingInterval: Duration = .seconds(60)

    /// Takes expired tokens out of the cache, until graceful shutdown or cancellation.
    func forgetExpiredTokens() async {
        guard let cache else { return }
        // The operation ends by itself when it is cancelled, and throws nothing.
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await self.clock.sleep(until: self.clock.elapsed + Self.forgettingInterval) } catch { return }
                let now = self.clock.now.milliseconds
                self.lease.endUnlessCovering(now)
                cache.removeAll(at: now) { _ in false }
            }
        }
    }
}
