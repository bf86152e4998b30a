import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The code and the model of `docs/rotation.md` are the same rule: both are driven by the same random histories, and
/// have to agree on every outcome and on the row after every step.
///
/// Two variables of the environment:
/// - `ROTATION_SEED=<number>` repeats a run; a run prints its seed.
/// - `ROTATION_MISTAKE=<name>` puts one of `RotationModel.Mistake` into the model. The comparison then fails, with the
///   shortest history that it found.
struct RotationModelTests {
    @Test(arguments: 0..<4) func codeAndModelAgree(part: Int) async {
        let presentations = 260_000
        var comparison = RotationComparison()
        var random = SplitMix(seed: Self.seed &+ UInt64(part))
        while comparison.presentations < presentations {
            // Whatever else is tested meanwhile has few threads, and deadlines.
            await Task.yield()
            let history = RotationHistory(length: 48, using: &random)
            guard comparison.difference(over: history, mistake: Self.mistake) != nil else { continue }
            let shortest = history.shrunk { comparison.difference(over: $0, mistake: Self.mistake) != nil }
            let difference = comparison.difference(over: shortest, mistake: Self.mistake) ?? "nothing any more"
            Issue.record("ROTATION_SEED=\(Self.seed)\n\(shortest)\n\(difference)")
            return
        }
        // Every row was decided often, so that agreement means something.
        for row in ["mismatch", "ended", "repeat", "advance", "resync", "late", "recovered", "replay"] {
            #expect(comparison.decided[row, default: 0] > presentations / 1_000, "\(row)")
        }
        print("rotation model: \(comparison.presentations) presentations agree; ROTATION_SEED=\(Self.seed)")
    }

    /// The comparison is able to fail: it finds each mistake, and tells it in a few steps.
    @Test(arguments: RotationModel.Mistake.allCases) func theComparisonFindsAMistake(_ mistake: RotationModel.Mistake) {
        var comparison = RotationComparison()
        var random = SplitMix(seed: 7)
        var shortest: RotationHistory?
        while shortest == nil, comparison.presentations < 100_000 {
            let history = RotationHistory(length: 48, using: &random)
            guard comparison.difference(over: history, mistake: mistake) != nil else { continue }
            shortest = history.shrunk { comparison.difference(over: $0, mistake: mistake) != nil }
        }
        #expect((1...12).contains(shortest?.steps.count ?? 0), "\(mistake): \(shortest?.description ?? "not found")")
    }

    /// A history that is shrunk still fails, and cannot do without any of its steps.
    @Test func aShrunkHistoryIsMinimal() throws {
        var random = SplitMix(seed: 3)
        let history = RotationHistory(length: 200, using: &random)
        func fails(_ history: RotationHistory) -> Bool {
            let crashes = history.steps.count { $0 == .crash }
            let syncs = history.steps.count { $0 == .sync }
            return crashes >= 2 && syncs >= 1
        }
        try #require(fails(history))
        let shortest = history.shrunk(while: fails)
        #expect(shortest.steps.count { $0 == .crash } == 2)
        #expect(shortest.steps.count { $0 == .sync } == 1)
        #expect(shortest.steps.count == 3)
    }

    private static let seed: UInt64 = {
        let text = ProcessInfo.processInfo.environment["ROTATION_SEED"]
        guard let text else { return UInt64.random(in: 0..<1_000_000_000) }
        guard let seed = UInt64(text) else { preconditionFailure("ROTATION_SEED has to be a whole number") }
        return seed
    }()

    private static let mistake: RotationModel.Mistake? = {
        let text = ProcessInfo.processInfo.environment["ROTATION_MISTAKE"]
        guard let text else { return nil }
        guard let mistake = RotationModel.Mistake(rawValue: text) else {
            let names = RotationModel.Mistake.allCases.map(\.rawValue).joined(separator: ", ")
            preconditionFailure("ROTATION_MISTAKE has to be one of \(names)")
        }
        return mistake
    }()
}
