public import MartletJOSE

/// How the authority's keys are made and rotated.
public struct KeySettings: Sendable, Hashable {
    /// What new signing keys sign with.
    public var algorithm: SignatureAlgorithm
    /// The age at which a key of either kind gets a successor.
    public var rotateAfter: Duration
    /// How long a new key is published, and known to every node, before it is used.
    public var publishLead: Duration

    public init(
        algorithm: SignatureAlgorithm = .es256, rotateAfter: Duration = .seconds(90 * 86_400),
        publishLead: Duration = .seconds(600)
    ) {
        self.algorithm = algorithm
        self.rotateAfter = rotateAfter
        self.publishLead = publishLead
    }
}

extension KeyRecord.Kind {
    /// How long a key is kept after its successor became active: longer than anything it made can live.
    var retention: Duration {
        switch self {
        case .signing: SessionPolicy.longestAccessLifetime + .seconds(3_600)
        case .refreshTokenMAC: SessionPolicy.longestIdleLimit + .seconds(86_400)
        }
    }
}
