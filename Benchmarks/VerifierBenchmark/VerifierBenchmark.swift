import AllocationCount
import Crypto
import Foundation
import MartletJOSE
import MartletProtocol
import MartletVerifier

/// Prints what it costs to check an access token that was verified before, beside verifying it (ES256) and beside the
/// bare operation of swift-crypto, and fails where a cached check allocates.
///
/// All of them take turns in many short rounds, and the median is printed: a machine that is busy with something else
/// slows all of them alike. With the path of a Python that has PyJWT and joserfc as its argument, these are measured in
/// between, too.
@main
enum VerifierBenchmark {
    static func main() async throws {
        let python = CommandLine.arguments.dropFirst().first
        let rounds = 41
        let crowd = try await Crowd(tokens: 10_000)
        let listed = try await Crowd(tokens: 10_000, denied: 100_000)
        var rows: [Row] = []
        func row(_ name: String, _ count: Int, _ body: @escaping (Int) async throws -> Void) {
            rows.append(Row(name: name, count: count, body: body))
        }
        let cold = try await Crowd(tokens: 1, cachedTokens: 0)
        row("bare ES256 operation", 64, cold.bare)
        row("AccessTokenVerifier, ES256", 64, cold.plain)
        row("cold check: verify, no cache", 64, cold.verify)
        row("jwt-kit, ES256", 64, try await cold.jwtKit().verify)
        let coldListed = try await Crowd(tokens: 1, cachedTokens: 0, denied: 100_000)
        row("cold check, 100,000 entries", 64, coldListed.verify)
        row("hot token: cached", 100_000, crowd.hot)
        row("hot token: await verify", 100_000, crowd.hotVerify)
        row("10,000 tokens: cached", 50_000, crowd.cached)
        row("10,000 tokens: await verify", 50_000, crowd.verify)
        row("reading 10,000 texts", 50_000, crowd.readOnly)
        row("reading them, then cached", 50_000, crowd.readThenCached)
        row("10,000 tokens, 100,000 entries", 50_000, listed.cached)
        row("hot token, 100,000 entries", 100_000, listed.hot)
        row("10,000 tokens, two threads", 50_000) { count in try await crowd.twoThreads(count, crowd.cached) }
        row("hot token, two threads", 50_000) { count in try await crowd.twoThreads(count, crowd.hot) }
        row("two hot tokens, two threads", 50_000, crowd.twoHot)

        // As far as two threads are twice one on this machine.
        row("bare ES256 operation, two threads", 64) { count in try await cold.twoThreads(count, cold.bare) }

        for index in rows.indices { try await rows[index].run() }
        var peers: [String: [Double]] = [:]
        for round in 0..<rounds {
            for index in rows.indices { try await rows[index].run() }
            guard let python, round.isMultiple(of: 8) else { continue }
            for (name, seconds) in try cold.pythonPeers(python).measure(count: 2_000) {
                peers[name, default: []].append(seconds)
            }
        }
        let times = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.median) })
        let bare = times["bare ES256 operation"] ?? 0
        let plain = times["AccessTokenVerifier, ES256"] ?? 0
        print("median of \(rounds) rounds, taking turns; times are for one check, of all threads together")
        print(line("", "time", "of verify", "of bare"))
        for row in rows {
            print(line(row.name, text(row.median), ratio(row.median / plain), ratio(row.median / bare)))
        }
        for (name, seconds) in peers.sorted(by: { $0.key < $1.key }) {
            let median = seconds.median
            print(line(name, text(median), ratio(median / plain), ratio(median / bare)))
        }
        let ofText = (times["reading them, then cached"] ?? 0) - (times["reading 10,000 texts"] ?? 0)
        print(line("10,000 tokens, text at hand", text(ofText), ratio(ofText / plain), ratio(ofText / bare)))
        let allocatesNothing = try await allocations(of: crowd)
        func share(_ name: String, _ other: String) -> String { ratio((times[name] ?? 0) / (times[other] ?? 1)) }
        print("with 100,000 entries, of none: \(share("10,000 tokens, 100,000 entries", "10,000 tokens: cached"))")
        print("two threads, of one: \(share("10,000 tokens: cached", "10,000 tokens, two threads")) times as many")
        print(
            "two threads, of one, hot token: \(share("hot token: cached", "two hot tokens, two threads")) times as many"
        )
        print(
            "two threads, of one, bare: \(share("bare ES256 operation", "bare ES256 operation, two threads")) times as many"
        )
        print("cold check, 100,000 entries, of bare: \(share("cold check, 100,000 entries", "bare ES256 operation"))")
        guard allocatesNothing else {
            print("error: a cached check allocates")
            exit(1)
        }
    }

    /// Returns false where there were some.
    private static func allocations(of crowd: Crowd) async throws -> Bool {
        guard allocations_are_counted() else {
            print("allocations: not counted on this system")
            return true
        }
        var isFree = true
        for (name, body) in [("cached", crowd.cached), ("await verify", crowd.verify)] {
            try await body(10_000)
            let before = allocation_count()
            try await body(1_000_000)
            let count = allocation_count() - before
            print("allocations in 1,000,000 checks (\(name)): \(count)")
            // A check a second looks at the keys and the feed.
            if count >= 100 { isFree = false }
        }
        return isFree
    }

    enum Failure: Error {
        case refused, peers
    }

    struct Row {
        let name: String
        let count: Int
        let body: (Int) async throws -> Void
        private(set) var seconds: [Double] = []

        init(name: String, count: Int, body: @escaping (Int) async throws -> Void) {
            self.name = name
            self.count = count
            self.body = body
        }

        mutating func run() async throws {
            let start = ContinuousClock.now
            try await body(count)
            seconds.append((ContinuousClock.now - start) / .seconds(1) / Double(count))
        }

        var median: Double { seconds.median }
    }

    private static func text(_ seconds: Double) -> String {
        seconds < 1e-6 ? "\((seconds * 1e10).rounded() / 10) ns" : "\((seconds * 1e8).rounded() / 100) µs"
    }

    private static func ratio(_ ratio: Double) -> String {
        ratio < 0.1 ? "1/\((1 / ratio).rounded())" : "\((ratio * 1_000).rounded() / 1_000)"
    }

    private static func line(_ columns: String...) -> String {
        columns.enumerated().map { position, column in
            let padding = String(repeating: " ", count: max(0, (position == 0 ? 34 : 12) - column.count))
            return position == 0 ? column + padding : padding + column
        }.joined()
    }
}

extension [Double] {
    /// Of at least one.
    fileprivate var median: Double { sorted()[count / 2] }
}
