import HTTPTypes
import MartletJOSE
import MartletProtocol

/// The shell around ``RenewalMachine``.
extension MartletClient {
    /// Waits for the renewal that runs, or for a new one. A waiter that is cancelled leaves; the renewal goes on for
    /// the others.
    func nextToken() async throws -> HeldAccessToken {
        try Task.checkCancellation()
        startRenewal()
        nextWaiter += 1
        let id = nextWaiter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiters[id] = continuation
                }
            }
        } onCancel: {
            // Cancellation handlers are synchronous, and the waiters belong to the actor.
            Task { await self.leave(id) }
        }
    }

    private func leave(_ id: UInt64) {
        waiters.removeValue(forKey: id)?.resume(throwing: CancellationError())
    }

    func startRenewal() {
        guard !isRenewing else { return }
        isRenewing = true
        // Unstructured, because it belongs to all who wait and outlives each of them. It ends by itself: attempts,
        // pauses and waiting for the lease all have time limits.
        Task { await self.renew() }
    }

    private func renew() async {
        let outcome = await runRenewal()
        isRenewing = false
        let result: Result<HeldAccessToken, any Error> =
            switch outcome {
            case .failure(let error): .failure(error)
            case .success: held.map { .success($0) } ?? .failure(noSession)
            }
        // It came in by a sign-in meanwhile, and was refused meanwhile, which is why some wait here.
        if case .success(let token) = result, token.isRefused { return startRenewal() }
        let waiting = waiters
        waiters = [:]
        for waiter in waiting.values { waiter.resume(with: result) }
    }

    /// - Returns: a failure where the session is kept without a new token.
    private func runRenewal() async -> Result<Void, any Error> {
        let startGeneration = generation
        var loadGeneration = generation
        var lease: RenewalLease?
        var machine = RenewalMachine(
            settings: .init(
                server: server, client: client, patience: options.patience, attemptTimeout: options.attemptTimeout),
            backoff: backoff, at: environment.now())
        var input = RenewalMachine.Input.started
        while true {
            switch machine.handle(input, at: environment.now(), random: environment.random()) {
            case .attempt:
                lease?.release()
                do {
                    lease = try await store.lease(timeout: options.lockTimeout)
                    var saved: SavedSession?
                    // What was read before somebody signed in here says nothing of that.
                    repeat {
                        loadGeneration = generation
                        saved = try await store.load()
                    } while generation != loadGeneration
                    let isNeeded = held?.isRefused ?? true || generation == startGeneration
                    input = .loaded(saved, isNeeded: isNeeded)
                } catch {
                    input = .storeFailed(MartletClientError(ofStore: error))
                }
            case .present(let session, let deadline):
                input = .answered(await present(session.refreshToken, before: deadline))
            case .replace(let condition, let session):
                do {
                    input = .replaced(try await store.replace(if: condition, with: session))
                } catch {
                    input = .storeFailed(MartletClientError(ofStore: error))
                }
            case .pause(let duration):
                lease?.release()
                lease = nil
                do { try await environment.sleep(duration) } catch { return .failure(error) }
                input = .woke
            case .finish(let outcome):
                lease?.release()
                // A sign-in or sign-out that came after the store was read has the last word.
                guard generation == loadGeneration else { return .success(()) }
                backoff = machine.backoff
                return apply(outcome)
            }
        }
    }

    private func apply(_ outcome: RenewalMachine.Outcome) -> Result<Void, any Error> {
        switch outcome {
        case .renewed(let grant, let receivedAt):
            let isOther = knownUser.map { $0.session != grant.session.id } ?? false
            adopt(grant, receivedAt: receivedAt)
            broadcaster.send(isOther ? .signedIn(SignedInUser(grant)) : .renewed(SignedInUser(grant)))
        case .unneeded:
            break
        case .empty:
            forget(nil, wasSignedIn: knownUser != nil)
        case .ended(let reason):
            forget(reason, wasSignedIn: true)
            return .failure(MartletClientError.signedOut(reason))
        case .failed(let error):
            return .failure(error)
        }
        return .success(())
    }

    /// Presents a refresh token once.
    func present(_ refreshToken: String, before deadline: ContinuousClock.Instant) async -> RenewalAnswer {
        var body = JSONWriter()
        body.object { $0.member("refreshToken", refreshToken) }
        do {
            return RenewalAnswer(try await call(.post, "/v1/sessions/refresh", body: body.bytes, before: deadline))
        } catch let failure as TransportFailure {
            return RenewalAnswer(failure)
        } catch {
            return .retry(
                MartletClientError(.offline, "The request was not finished.", detail: "\(error)"), after: nil)
        }
    }
}
