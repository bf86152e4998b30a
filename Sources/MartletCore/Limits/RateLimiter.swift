import MartletProtocol
import Synchronization

/// The limits of an authority. Each counts in memory of a fixed size; nothing here waits or does I/O.
final class RateLimiter: Sendable {
    private let signIns: Mutex<SignInLimits>
    private let passwordChanges: Mutex<LoadTable>
    private let sessions: Mutex<LoadTable>
    private let forgeries: Mutex<LoadTable>
    private let clients: Mutex<LoadTable>
    private let secrets: Mutex<LoadTable>
    private let signUps: Mutex<LoadTable>

    /// - Returns: nil where limits are switched off.
    init?(_ settings: RateLimitSettings) {
        guard settings.isEnabled else { return nil }
        let entries = settings.entries
        signIns = Mutex(SignInLimits(settings))
        passwordChanges = Mutex(LoadTable(settings.knownWrongPasswords, capacity: entries))
        sessions = Mutex(LoadTable(settings.renewals, capacity: entries))
        forgeries = Mutex(LoadTable(settings.forgedTokens, capacity: entries))
        clients = Mutex(LoadTable(settings.clientTokens, capacity: entries))
        secrets = Mutex(LoadTable(settings.wrongSecrets, capacity: entries))
        signUps = Mutex(LoadTable(settings.signUps, capacity: entries))
    }

    // MARK: Sign-ins

    func admit(_ attempt: SignInAttempt, at now: Timestamp) -> SignInAdmission {
        signIns.withLock { $0.admit(attempt, at: now) }
    }

    func settle(
        _ attempt: SignInAttempt, admitted standing: SignInStanding, as outcome: SignInOutcome, at now: Timestamp
    ) {
        signIns.withLock { $0.settle(attempt, admitted: standing, as: outcome, at: now) }
    }

    func learn(_ places: [SignInAttempt.Place], of name: UInt64, at now: Timestamp) {
        signIns.withLock { $0.learn(places, of: name, at: now) }
    }

    // MARK: What is counted at once

    /// A refresh token of this session was presented. Whoever else renews from the same address does not count.
    ///
    /// - Returns: how long to wait; nil where it is let through.
    func renewal(of session: SessionID, at now: Timestamp) -> Duration? {
        sessions.withLock { $0.take(limitKey(session), at: now) }
    }

    /// A refresh token was presented that was not made here.
    func forgery(from presenter: Presenter, at now: Timestamp) -> Duration? {
        take(AddressPrefix(presenter.address), of: forgeries, at: now)
    }

    /// A client asks for a token on its own behalf.
    func clientToken(for client: String, at now: Timestamp) -> Duration? {
        clients.withLock { $0.take(limitKey(client), at: now) }
    }

    /// A client, or none of that name, was tried with a wrong secret.
    func wrongSecret(of client: String, from presenter: Presenter, at now: Timestamp) -> Duration? {
        guard let network = AddressPrefix(presenter.address) else { return nil }
        return secrets.withLock { $0.take(limitKey(client, network), at: now) }
    }

    func signUp(from presenter: Presenter, at now: Timestamp) -> Duration? {
        take(AddressPrefix(presenter.address), of: signUps, at: now)
    }

    /// The present password is about to be checked before it is changed. Counted until `passwordWasRight`.
    func passwordChange(in session: SessionID, at now: Timestamp) -> Duration? {
        passwordChanges.withLock { $0.take(limitKey(session), at: now) }
    }

    func passwordWasRight(in session: SessionID, at now: Timestamp) {
        passwordChanges.withLock { $0.refund(limitKey(session), at: now) }
    }

    private func take(_ network: AddressPrefix?, of table: borrowing Mutex<LoadTable>, at now: Timestamp) -> Duration? {
        guard let network else { return nil }
        return table.withLock { $0.take(limitKey(network), at: now) }
    }
}
