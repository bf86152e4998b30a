public import MartletJOSE
import MartletProtocol

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

    /// What is wrong with the values together; nil where nothing is.
    public var fault: String? {
        if publishLead < .zero { return "The publishLead of keys has to be at least 0s." }
        if rotateAfter <= publishLead {
            return "The rotateAfter of keys has to be more than their publishLead, \(publishLead.text)."
        }
        return nil
    }
}

extension KeyRecord.Kind {
    /// How long a key is kept after its successor became active: longer than anything it made can live.
    var retention: Duration {
        switch self {
        case .signing: SessionPolicy.longestAccessLifetime + .seconds(3_600)
        // A token is first presented within one idle limit, and repeated within another.
        case .refreshTokenMAC: SessionPolicy.longestIdleLimit * 2 + .seconds(86_400)
        }
    }
}
