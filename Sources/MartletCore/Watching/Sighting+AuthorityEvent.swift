extension Sighting {
    /// What detection looks at in an event; nil for what it has no rule about.
    ///
    /// - Parameters:
    ///   - past: for a sign-in, what was known of the user before it.
    ///   - place: where the presenter is.
    public init?(_ event: AuthorityEvent, past: UserPast = UserPast(), place: Coordinates? = nil) {
        guard let presenter = event.presenter, let kind = Kind(event.kind, past) else { return nil }
        self.init(
            kind, at: event.at, session: event.session, presenter: presenter, earlier: event.earlierPresenter,
            triedName: event.triedName, place: place)
    }
}

extension Sighting.Kind {
    fileprivate init?(_ kind: AuthorityEvent.Kind, _ past: UserPast) {
        switch kind {
        case .signIn: self = .signIn(past)
        case .signInFailed, .limited(.signIn): self = .wrongPassword
        case .rotation(.advance), .rotation(.kept), .rotation(.recovered), .rotation(.resync): self = .renewal
        case .rotation(.repeat), .rotation(.late): self = .repeated
        case .rotation(.replay): self = .replay
        case .rotation(.ended): self = .ended
        default: return nil
        }
    }
}
