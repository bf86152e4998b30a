import MartletProtocol

extension Authority {
    /// Reports what a rule found in what happened, and ends the session where that is the answer.
    ///
    /// - Throws: `storageUnavailable` where the session could not be ended. The alarm is reported all the same.
    public func answer(_ alarm: Alarm, to event: AuthorityEvent) async throws(AuthorityError) {
        report(
            AuthorityEvent(
                .alarm(alarm), at: event.at, user: event.user, session: event.session, client: event.client,
                presenter: event.presenter, earlierPresenter: event.earlierPresenter))
        guard alarm.answer.endsSession, let session = event.session else { return }
        try await end(.session(session), .suspiciousActivity)
    }
}
