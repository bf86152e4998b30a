import Foundation
import MartletJOSE
import Testing
import Yams

@testable import MartletServer

/// The files of `Examples/monitoring` ask for metrics that there are, and the docs tell of all of them.
struct MonitoringExampleTests {
    private static let package = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.package.appending(path: path), encoding: .utf8)
    }

    private func alerts() throws -> [(name: String, expression: String)] {
        let root = try #require(try Yams.compose(yaml: text("Examples/monitoring/alerts.yml")))
        let groups = try #require(root["groups"]?.sequence)
        return try groups.flatMap { group in
            try #require(group["rules"]?.sequence).map { rule in
                #expect(["page", "ticket"].contains(rule["labels"]?["severity"]?.string))
                #expect(rule["annotations"]?["summary"]?.string?.isEmpty == false)
                return (try #require(rule["alert"]?.string), try #require(rule["expr"]?.string))
            }
        }
    }

    private func dashboard() throws -> JSONValue {
        try JSONValue(parsing: Array(text("Examples/monitoring/grafana-dashboard.json").utf8))
    }

    /// Everything that stands for metrics in an expression of PromQL: a name, and what it asks of labels.
    private func selectors(_ expression: String) -> [(name: String, labels: [(name: String, values: [String])])] {
        expression.matches(of: /\b((?:martlet|process)_[a-z_]+)(?:\{([^}]*)\})?/).map { match in
            let labels = (match.output.2 ?? "").matches(of: /([a-z_]+)=~?"([^"]*)"/).map { label in
                (String(label.output.1), label.output.2.split(separator: "|").map(String.init))
            }
            return (String(match.output.1), labels)
        }
    }

    private func expectToExist(_ expression: String, in text: PrometheusText) {
        #expect(expression.filter { $0 == "(" }.count == expression.filter { $0 == ")" }.count, "\(expression)")
        for (name, labels) in selectors(expression) {
            let base = ["_bucket", "_sum", "_count"].filter(name.hasSuffix).map { String(name.dropLast($0.count)) }
            let histogram = base.compactMap { text.metrics[$0] }.first { $0.type == "histogram" }
            guard let metric = text.metrics[name].flatMap({ $0.type == "histogram" ? nil : $0 }) ?? histogram else {
                Issue.record("there is no \(name): \(expression)")
                continue
            }
            for (label, values) in labels {
                for value in values {
                    #expect(
                        metric.samples.contains { $0.labels[label] == value }, "no \(label)=\(value): \(expression)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(10))) func alertsAndDashboardAskForWhatThereIs() async throws {
        let alerts = try alerts()
        let panels = try #require(try dashboard()["panels"]?.array)
        let targets = panels.flatMap { $0["targets"]?.array ?? [] }
        let expressions = try targets.map { try #require($0["expr"]?.string) } + alerts.map(\.expression)
        #expect(alerts.count > 10 && targets.count > 20)
        #expect(Set(alerts.map(\.name)).count == alerts.count)
        try await MeteredServer.with { served in
            let text = try await served.metrics()
            for expression in expressions { expectToExist(expression, in: text) }
            // Each has something to show, but for the one that asks whether Prometheus reaches the server at all.
            #expect(expressions.filter { selectors($0).isEmpty } == [#"up{job="martlet"} == 0"#])

            let page = try self.text("docs/operations.md")
            for name in text.metrics.keys { #expect(page.contains("`\(name)`"), "docs/operations.md lacks \(name)") }
            for alert in alerts {
                #expect(page.contains("| `\(alert.name)` |"), "docs/operations.md lacks \(alert.name)")
            }
            let told = page.matches(of: /`((?:martlet|process)_[a-z_]+)`/).map { String($0.output.1) }
            #expect(Set(told).isSubset(of: text.metrics.keys), "\(Set(told).subtracting(text.metrics.keys))")
        }
    }

    @Test func thePrometheusExampleReadsTheDefaultPort() throws {
        let root = try #require(try Yams.compose(yaml: text("Examples/monitoring/prometheus.yml")))
        let target = root["scrape_configs"]?[0]?["static_configs"]?[0]?["targets"]?[0]?.string
        #expect(target == ServerConfiguration().management.listen?.description)
        #expect(root["rule_files"]?[0]?.string == "alerts.yml")
    }

    @Test func aNameThatIsNotThereIsNoticed() throws {
        let expression = #"rate(martlet_nothing_total[5m]) + histogram_quantile(0.9, martlet_some_bucket{le="1"})"#
        #expect(selectors(expression).map(\.name) == ["martlet_nothing_total", "martlet_some_bucket"])
        withKnownIssue {
            expectToExist(expression, in: try PrometheusText("# HELP martlet_some x\n# TYPE martlet_some gauge\n"))
        }
    }
}
