public import MartletProtocol

/// Which tokens that several quick advances have left behind may still arrive as delayed duplicates: row 8 of
/// `docs/rotation.md`.
///
/// Two steps of at least the late window each, so that the row stays small however quickly a client advances.
public struct LateFloor: Sendable, Hashable {
    /// The lowest generation of which a duplicate may be under way.
    public var generation: UInt32
    /// What `generation` becomes once the window has been open for longer than the late window.
    public var next: UInt32
    /// When the window that `next` belongs to was opened.
    public var openedAt: Timestamp

    public init(generation: UInt32, next: UInt32, openedAt: Timestamp) {
        self.generation = generation
        self.next = next
        self.openedAt = openedAt
    }

    /// The floor after the head of `session` has moved on.
    ///
    /// - Parameters:
    ///   - session: as it was before, with the generation that is left behind.
    ///   - now: when the head moves on.
    ///   - lateWindow: how long a duplicate may take.
    init(after session: Session, at now: Timestamp, lateWindow: Duration) {
        let left = session.headGeneration
        guard let advancedAt = session.advancedAt, now - advancedAt <= lateWindow, let floor = session.lateFloor else {
            self.init(generation: left, next: left, openedAt: now)
            return
        }
        if now - floor.openedAt > lateWindow {
            self.init(generation: floor.next, next: left, openedAt: now)
        } else {
            self = floor
        }
    }
}
