/// How log lines look.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// `2026-01-01T12:00:00.000Z info  renewed request=… user=…`
    case text
    /// One JSON object a line.
    case json
}
