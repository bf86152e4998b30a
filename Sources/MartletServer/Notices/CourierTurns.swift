import MartletCore
import Synchronization

/// To whom is delivered just now, and whose turn is next.
///
/// Each kind of destination has its own places, so mail waits for no webhook. Of those that share a server only a few
/// have places at a time: one that answers slowly, or never, keeps nobody waiting but those that are sent to it, too.
/// Whoever was served last is served last again, so everybody has a turn.
final class CourierTurns: Sendable {
    /// To how many destinations of one kind it is delivered at a time.
    static let perKind = 8
    /// To how many of those that share a server.
    static let perServer = 2
    /// Of how many destinations it is known when they had their turn.
    static let mostKnown = 4_096

    /// A destination that something is due for.
    struct Candidate: Sendable {
        let destination: NoticeDestination
        /// What it shares with others.
        let server: String
    }

    private struct State {
        /// Those that are delivered to, with their servers.
        var underWay: [NoticeDestination: String] = [:]
        /// The number of the last turn of each.
        var turns: [NoticeDestination: UInt64] = [:]
        var newest: UInt64 = 0

        func hasRoom(for one: Candidate) -> Bool {
            underWay[one.destination] == nil
                && underWay.keys.count { $0.kind == one.destination.kind } < CourierTurns.perKind
                && underWay.values.count { $0 == one.server } < CourierTurns.perServer
        }
    }

    private let state = Mutex(State())

    /// Gives places to those that there is room for, those first that had no turn for the longest.
    ///
    /// - Parameter due: those that something is due for; of those that had no turn yet, the first ones first.
    /// - Returns: those whose turn begins.
    func begin(_ due: [Candidate]) -> [NoticeDestination] {
        state.withLock { state in
            let turns = state.turns
            let order = due.enumerated().sorted {
                (turns[$0.element.destination] ?? 0, $0.offset) < (turns[$1.element.destination] ?? 0, $1.offset)
            }
            var begun: [NoticeDestination] = []
            for (_, one) in order where state.hasRoom(for: one) {
                state.underWay[one.destination] = one.server
                state.newest += 1
                state.turns[one.destination] = state.newest
                begun.append(one.destination)
            }
            if state.turns.count > Self.mostKnown {
                let waiting = Set(due.map(\.destination))
                state.turns = state.turns.filter { waiting.contains($0.key) || state.underWay[$0.key] != nil }
            }
            return begun
        }
    }

    /// Gives back the place of one whose turn is over.
    func end(_ destination: NoticeDestination) {
        state.withLock { $0.underWay[destination] = nil }
    }
}
