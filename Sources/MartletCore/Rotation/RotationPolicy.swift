/// How strictly the refresh tokens of a client rotate.
public enum RotationMode: String, Sendable, Hashable, CaseIterable {
    /// The table of `docs/rotation.md` as it stands: no false sign-out, and a thief is found.
    case resilient
    /// Repeat, late and recovered are replays, and there is no resync: the letter of RFC 9700 §4.14.2. A lost
    /// response signs the user out.
    case strict
    /// No rotation, for confidential and key-bound clients only (FAPI 2.0 §5.3.2.1).
    case none
}

/// What the decision on a refresh token goes by, besides the session and the token.
public struct RotationPolicy: Sendable, Hashable {
    public var mode: RotationMode
    /// How long after an advance the token before it may still arrive as a delayed duplicate.
    public var lateWindow: Duration
    /// How long after an advance the same token may be presented again; nil where there is no limit.
    public var repeatLimit: Duration?

    public init(
        mode: RotationMode = .resilient, lateWindow: Duration = .seconds(60), repeatLimit: Duration? = nil
    ) {
        self.mode = mode
        self.lateWindow = lateWindow
        self.repeatLimit = repeatLimit
    }

    /// What a late window may be set to.
    public static let lateWindows: ClosedRange<Duration> = .seconds(1)...(.seconds(3_600))
    /// What a repeat limit may be set to.
    public static let repeatLimits: ClosedRange<Duration> = .seconds(1)...(.seconds(3_650 * 86_400))
}
