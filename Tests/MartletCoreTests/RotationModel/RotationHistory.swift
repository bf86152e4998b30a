/// What happens to one session, step by step.
struct RotationHistory {
    enum Step: Equatable {
        /// The token issued so many before the newest is presented. Where there are not so many, counting starts again.
        case present(ago: Int, by: RotationModel.Presenter)
        case pass(milliseconds: Int64)
        case sync
        /// What is not on disk is lost.
        case crash
        case signOut
    }

    var isBound: Bool
    var steps: [Step]

    /// - Parameter length: how many steps.
    init(length: Int, using random: inout some RandomNumberGenerator) {
        isBound = Int.random(in: 0..<8, using: &random) == 0
        steps = []
        steps.reserveCapacity(length)
        while steps.count < length { steps.append(Self.step(using: &random)) }
    }

    private static func step(using random: inout some RandomNumberGenerator) -> Step {
        // One number for each step keeps a million of them cheap.
        let bits = random.next() as UInt64
        let detail = Int((bits >> 8) & 0xFFFF)
        switch bits & 0xFF {
        case 0..<176:
            // Mostly what is new; at times one from long ago. Siblings of the newest are among them.
            let ago = detail & 0xF == 0 ? detail >> 4 & 0x1F : min(detail >> 4 & 3, detail >> 6 & 3)
            let presenter = RotationModel.Presenter(rawValue: detail >> 11 & 3)
            return .present(ago: ago, by: detail >> 13 == 0 ? presenter ?? .client : .client)
        case 176..<228:
            let window = RotationModel.window
            let times = [1, 1_000, window / 3, window / 2, window - 1, window, window + 1, 2 * window]
            return .pass(milliseconds: times[detail & 7])
        case 228..<240: return .sync
        case 240..<255: return .crash
        default: return detail & 7 == 0 ? .signOut : .sync
        }
    }
}

extension RotationHistory {
    /// A history with the same property of which no step can be left out or be made simpler.
    func shrunk(while holds: (RotationHistory) -> Bool) -> RotationHistory {
        var best = self
        var size = best.steps.count
        while size > 0 {
            var isShorter = false
            var start = 0
            while start < best.steps.count {
                var candidate = best
                candidate.steps.removeSubrange(start..<min(start + size, best.steps.count))
                if holds(candidate) {
                    best = candidate
                    isShorter = true
                } else {
                    start += size
                }
            }
            if !isShorter || size > best.steps.count { size /= 2 }
        }
        for index in best.steps.indices {
            for simpler in best.steps[index].simpler {
                var candidate = best
                candidate.steps[index] = simpler
                if holds(candidate) {
                    best = candidate
                    break
                }
            }
        }
        return best
    }
}

extension RotationHistory.Step {
    /// What may be tried in its place, the simplest first.
    fileprivate var simpler: [Self] {
        guard case .present(let ago, let presenter) = self else { return [] }
        let byClient = (0...ago).map { Self.present(ago: $0, by: .client) }
        return presenter == .client ? byClient : byClient + (0..<ago).map { .present(ago: $0, by: presenter) }
    }
}

extension RotationHistory: CustomStringConvertible {
    var description: String {
        let lines = steps.map { step in
            switch step {
            case .present(0, let presenter): "present the newest token, as \(presenter)"
            case .present(let ago, let presenter): "present the token issued \(ago) before the newest, as \(presenter)"
            case .pass(let milliseconds): "pass \(milliseconds) ms"
            case .sync: "sync"
            case .crash: "crash"
            case .signOut: "sign out"
            }
        }
        return ([isBound ? "a session bound to a key" : "a session"] + lines).joined(separator: "\n  ")
    }
}
