extension RotationDecision {
    /// What storage writes for it.
    public var effect: RotationEffect {
        switch self {
        case .advance(let change, _), .recovered(let change, _), .kept(.some(let change)): .change(change)
        case .kept(nil): .seen
        case .replay(let end): .end(end)
        case .unknown, .mismatch, .ended, .expired, .repeat, .resync, .late: .none
        }
    }

    /// Its name in logs, events and metrics.
    public var name: String {
        switch self {
        case .unknown: "unknown"
        case .mismatch: "mismatch"
        case .ended: "ended"
        case .expired: "expired"
        case .repeat: "repeat"
        case .advance: "advance"
        case .resync: "resync"
        case .late: "late"
        case .recovered: "recovered"
        case .replay: "replay"
        case .kept: "kept"
        }
    }
}
