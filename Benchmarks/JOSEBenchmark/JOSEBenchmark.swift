import MartletJOSE

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Prints what verifying and signing an access token cost, as multiples of the bare swift-crypto operation on the same
/// bytes, for Martlet and for jwt-kit.
///
/// All of them take turns in many short rounds, and the median of the rounds' ratios is printed: a machine that is
/// busy with something else slows all of them alike. Arguments are the number of rounds, and the algorithms if not all.
@main
enum JOSEBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = arguments.first.flatMap { Int($0) } ?? 101
        let names = arguments.dropFirst()
        var rows: [Row] = []
        for algorithm in SignatureAlgorithm.all where names.isEmpty || names.contains(algorithm.rawValue) {
            let subject = try await Subject(algorithm)
            rows.append(try await Self.measure("\(algorithm) verify", rounds: rounds, subject.verifications))
            rows.append(try await Self.measure("\(algorithm) sign", rounds: rounds, subject.signatures))
        }
        print("median of \(rounds) rounds, taking turns; times are for one operation")
        print(Self.line("", "bare", "martlet", "ratio", "jwt-kit", "ratio"))
        for row in rows {
            print(row.line)
        }
    }

    struct Row {
        let name: String
        let bare: Double
        let martlet: Double
        let jwtKit: Double
        let martletRatio: Double
        let jwtKitRatio: Double

        var line: String {
            JOSEBenchmark.line(
                self.name,
                Self.microseconds(self.bare),
                Self.microseconds(self.martlet),
                Self.ratio(self.martletRatio),
                Self.microseconds(self.jwtKit),
                Self.ratio(self.jwtKitRatio)
            )
        }

        private static func microseconds(_ seconds: Double) -> String {
            "\((seconds * 1e8).rounded() / 100) µs"
        }

        private static func ratio(_ ratio: Double) -> String {
            "\((ratio * 1000).rounded() / 1000)"
        }
    }

    /// Three ways to do the same thing, each of which does it so many times.
    struct Contest {
        let bare: (Int) async throws -> Void
        let martlet: (Int) async throws -> Void
        let jwtKit: (Int) async throws -> Void
    }

    private static func measure(_ name: String, rounds: Int, _ contest: Contest) async throws -> Row {
        // As many operations as take about 3 ms: short enough to take turns often, long enough for the clock.
        let warmUp = try await Self.time(50, contest.bare)
        let count = max(5, Int(0.003 / warmUp))
        _ = try await Self.time(count, contest.martlet)
        _ = try await Self.time(count, contest.jwtKit)
        var bare: [Double] = []
        var martlet: [Double] = []
        var jwtKit: [Double] = []
        for round in 0..<rounds {
            // Whoever comes first alternates.
            if round.isMultiple(of: 2) {
                bare.append(try await Self.time(count, contest.bare))
                martlet.append(try await Self.time(count, contest.martlet))
            } else {
                martlet.append(try await Self.time(count, contest.martlet))
                bare.append(try await Self.time(count, contest.bare))
            }
            jwtKit.append(try await Self.time(count, contest.jwtKit))
        }
        return Row(
            name: name,
            bare: Self.median(bare),
            martlet: Self.median(martlet),
            jwtKit: Self.median(jwtKit),
            martletRatio: Self.median(zip(martlet, bare).map(/)),
            jwtKitRatio: Self.median(zip(jwtKit, bare).map(/))
        )
    }

    /// - Returns: Seconds of processor time for one operation. What else runs on the machine takes none of them.
    private static func time(_ count: Int, _ body: (Int) async throws -> Void) async throws -> Double {
        let start = Self.processorTime()
        try await body(count)
        return (Self.processorTime() - start) / Double(count)
    }

    private static func processorTime() -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }

    static func line(_ columns: String...) -> String {
        columns.enumerated().map { position, column in
            let padding = String(repeating: " ", count: max(0, (position == 0 ? 14 : 11) - column.count))
            return position == 0 ? column + padding : padding + column
        }.joined()
    }
}
