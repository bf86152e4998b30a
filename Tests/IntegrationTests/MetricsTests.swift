import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// The metrics of a server that runs, as Prometheus reads them.
@Suite(.timeLimit(.minutes(10)))
struct MetricsTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    /// What the greeting says.
    private func address(_ server: MartletProcess) async throws -> String {
        try await eventually("the whole greeting") { server.output.contains("Ctrl-C") }
        return try String(#require(server.output.firstMatch(of: /Metrics: +(http:\S+)/)).output.1)
    }

    @Test(.python) func prometheusReadsThem() async throws {
        try await martlet.add("ada")
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let grant = try await web.signIn("ada")
        _ = try await web.renew(grant.refresh)
        _ = try await web.renew(grant.refresh)
        let read = try await Python.run("read_metrics.py", ["url": .string(address(server))])
        #expect(read["content_type"]?.string == "text/plain; version=0.0.4; charset=utf-8")
        #expect(read["types"]?["martlet_renewals"]?.string == "counter")
        #expect(read["types"]?["martlet_renewal_duration_seconds"]?.string == "histogram")
        #expect(read["types"]?["martlet_denylist_entries"]?.string == "gauge")
        let samples = try #require(read["samples"])
        #expect(samples["martlet_sign_ins_total result=success"] == "1.0")
        #expect(samples["martlet_renewals_total decision=advance"] == "1.0")
        #expect(samples["martlet_renewals_total decision=repeat"] == "1.0")
        #expect(samples["martlet_renewal_duration_seconds_count"] == "2.0")
        #expect(samples["martlet_http_requests_total route=renewal,status=2xx"] == "2.0")
        #expect(samples["martlet_involuntary_sign_outs_total"] == "0.0")
        #expect(await server.stop() == 0)
    }

    @Test func theListenerIsThereWhereItWasAskedFor() async throws {
        let server = try await MartletProcess(in: folder)
        let url = try await address(server)
        #expect(url.contains("http://127.0.0.1:") && !url.contains(":0/") && url.hasSuffix("/metrics"))
        let taken = try #require(url.firstMatch(of: /127\.0\.0\.1:\d+/)).output
        let failure = try #require(
            await #expect(throws: MartletProcess.Failure.self) {
                try await MartletProcess(
                    in: folder, data: folder("other"), environment: ["MARTLET_MANAGEMENT_LISTEN": String(taken)])
            })
        #expect(failure.status == 1)
        #expect(failure.errors.contains("\(taken) is taken by another process"), "\(failure)")
        #expect(failure.errors.contains("management.listen"))

        let without = try await MartletProcess(
            in: folder, data: folder("other"), environment: ["MARTLET_MANAGEMENT_LISTEN": ""])
        try await eventually("the whole greeting") { without.output.contains("Ctrl-C") }
        #expect(!without.output.contains("Metrics:"))
        #expect(await without.stop() == 0)
        #expect(await server.stop() == 0)
    }

    @Test func theyAreNotShownToOtherMachinesByAccident() async throws {
        let environment = ["MARTLET_MANAGEMENT_LISTEN": "0.0.0.0:0"]
        let failure = try #require(
            await #expect(throws: MartletProcess.Failure.self) {
                try await MartletProcess(in: folder, environment: environment)
            })
        #expect(failure.status == 1)
        #expect(failure.errors.replacing("\n", with: " ").contains("insecure.management"), "\(failure)")
        let server = try await MartletProcess(
            in: folder, environment: environment.merging(["MARTLET_INSECURE_MANAGEMENT": "true"]) { $1 })
        #expect(await server.stop() == 0)
    }
}
