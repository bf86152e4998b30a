/// The results as one picture: bars for false sign-outs, and a field for each thief.
struct Chart {
    let results: Results

    private let rowHeight = 46
    private let top = 96
    private let barsAt = 180
    private let barsWidth = 230
    private let fieldsAt = 520
    private let fieldWidth = 52
    private var width: Int { fieldsAt + ThiefPlan.all.count * fieldWidth + 24 }
    private var height: Int { top + results.honest.count * rowHeight + 62 }

    var svg: String {
        var lines = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
            height="\(height)" role="img" aria-labelledby="title description">
            <title id="title">False sign-outs and undetected thieves, by rotation rule</title>
            <desc id="description">\(description)</desc>
            <style>
            .card { fill: #ffffff; stroke: #d1d9e0 }
            text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
            .head { font-weight: 600; font-size: 14px }
            .small { font-size: 11px; fill: #59636e }
            .ours { font-weight: 700 }
            .rule { stroke: #d1d9e0 }
            .rate0 { fill: #9ac7f5 }
            .rate1 { fill: #4a93dd }
            .rate2 { fill: #1f5fa8 }
            .found { fill: #d3efdc }
            .never { fill: #f4b8b0 }
            .field { font-size: 12px; text-anchor: middle }
            .end { text-anchor: end }
            .middle { text-anchor: middle }
            @media (prefers-color-scheme: dark) {
            .card { fill: #0d1117; stroke: #3d444d }
            text { fill: #e6edf3 }
            .small { fill: #9198a1 }
            .rule { stroke: #3d444d }
            .rate0 { fill: #b6dbff }
            .rate1 { fill: #5ea6f0 }
            .rate2 { fill: #2f78c9 }
            .found { fill: #1b4a2c }
            .never { fill: #7d2a23 }
            }
            </style>
            <rect class="card" x="0.5" y="0.5" width="\(width - 1)" height="\(height - 1)" rx="8"/>
            """
        ]
        lines += heads
        for index in results.honest.indices { lines += row(index) }
        lines += legend
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    private var description: String {
        zip(results.honest, results.thefts).map { honest, thefts in
            let ended = honest.map { Text.percent($0.shareEnded) }.joined(separator: ", ")
            let unnoticed = thefts.filter { !$0.unnoticed.isEmpty }.count
            return "\(honest[0].contender.title): \(ended) of sessions falsely ended; thieves not found in "
                + "\(unnoticed) of \(thefts.count) cases."
        }.joined(separator: " ").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private var heads: [String] {
        var lines = [
            text("Honest users signed out within \(results.experiment.days) days", x: barsAt, y: 30, class: "head"),
            text("share of sessions; lost answers:", x: barsAt, y: 50, class: "small"),
            text(
                "Renewals until a thief is found", x: fieldsAt, y: 30,
                class: "head"),
            text(
                "he comes at each renewal of the victim, so long before (−) or after (+) it", x: fieldsAt, y: 50,
                class: "small"),
        ]
        for (index, rate) in Experiment.lossRates.enumerated() {
            let x = barsAt + index * 70
            lines.append("<rect class=\"rate\(index)\" x=\"\(x)\" y=\"60\" width=\"10\" height=\"10\" rx=\"2\"/>")
            lines.append(text(Text.percent(rate), x: x + 15, y: 69, class: "small"))
        }
        for (index, plan) in ThiefPlan.all.enumerated() {
            lines.append(
                text(plan.title, x: fieldsAt + index * fieldWidth + fieldWidth / 2, y: 80, class: "small middle"))
        }
        return lines
    }

    private func row(_ index: Int) -> [String] {
        let y = top + index * rowHeight
        let contender = results.honest[index][0].contender
        var lines = [
            "<line class=\"rule\" x1=\"16\" x2=\"\(width - 16)\" y1=\"\(y - 4)\" y2=\"\(y - 4)\"/>",
            text(
                contender.title, x: barsAt - 14, y: y + 24, class: contender == .martlet ? "end ours" : "end"),
        ]
        for (rate, cell) in results.honest[index].enumerated() {
            let barY = y + 2 + rate * 13
            // Where there is one at all, it can be seen.
            let length = cell.falselyEnded == 0 ? 0 : max(2, Int(cell.shareEnded * Double(barsWidth)))
            if length > 0 {
                lines.append(
                    "<rect class=\"rate\(rate)\" x=\"\(barsAt)\" y=\"\(barY)\" width=\"\(length)\" height=\"10\" rx=\"2\"/>"
                )
            }
            let label = Text.percent(cell.shareEnded).replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            lines.append(text(label, x: barsAt + length + 6, y: barY + 9, class: "small"))
        }
        for (column, cell) in results.thefts[index].enumerated() {
            let x = fieldsAt + column * fieldWidth
            let style = cell.unnoticed.isEmpty ? "found" : "never"
            lines.append(
                "<rect class=\"\(style)\" x=\"\(x + 2)\" y=\"\(y + 2)\" width=\"\(fieldWidth - 4)\" height=\"\(rowHeight - 10)\" rx=\"4\"/>"
            )
            lines.append(text(Tables.verdict(on: cell), x: x + fieldWidth / 2, y: y + 24, class: "field"))
        }
        return lines
    }

    private var legend: [String] {
        let y = top + results.honest.count * rowHeight + 24
        return [
            text(
                "\(Text.grouped(results.experiment.sessions)) sessions for each bar, renewed every hour.", x: barsAt,
                y: y,
                class: "small"),
            text(
                "\(results.experiment.thieves) thieves for each field, on a network without faults, for "
                    + "\(results.experiment.theftDays) days.",
                x: fieldsAt, y: y, class: "small"),
            text(
                "Never: he goes on for as long as he likes, and is given tokens each time.",
                x: fieldsAt,
                y: y + 18, class: "small"),
        ]
    }

    private func text(_ content: String, x: Int, y: Int, class style: String) -> String {
        "<text class=\"\(style)\" x=\"\(x)\" y=\"\(y)\">\(content)</text>"
    }
}
