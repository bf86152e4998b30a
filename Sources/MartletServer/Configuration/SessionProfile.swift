public import MartletCore

/// The named sets of lifetimes.
public enum SessionProfile: String, Sendable, Hashable, CaseIterable {
    case banking
    case standard
    case persistent

    public var policy: SessionPolicy {
        switch self {
        case .banking: .banking
        case .standard: .standard
        case .persistent: .persistent
        }
    }
}
