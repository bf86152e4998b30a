import MartletProtocol

/// Bars over time as inline SVG, with the same numbers as a table for those who do not see them. The colours are the
/// stylesheet's.
struct BarChart {
    let title: String
    let values: [Int]
    /// The end of each bar's span.
    let times: [Timestamp]
    let words: Words

    private static let width = 560
    private static let height = 120

    var html: HTML {
        let most = values.max() ?? 0
        let scale = max(1, Self.roundedUp(most))
        let step = Double(Self.width) / Double(max(1, values.count))
        let summary = words.chartSummary(values.reduce(0, +), most)
        return """
            <figure class="card chart"><figcaption><h2>\(title)</h2><p>\(summary)</p></figcaption>
            <svg viewBox="-56 -12 620 160" role="img" aria-label="\(title): \(summary)">
            \(each: [0, 0.5, 1], { line(at: $0, scale: scale) })
            \(each: values.indices, { bar($0, step: step, scale: scale) })
            \(label(at: 0, step: step, anchor: "start"))\(label(at: values.count - 1, step: step, anchor: "end"))
            </svg>
            <details><summary>\(words.numbers)</summary><table><thead><tr><th scope="col">\(words.day)</th>\
            <th scope="col" class="number">\(words.count)</th></tr></thead><tbody>
            \(each: values.indices.reversed(), { "<tr><td>\(words.full(times[$0]))</td><td class=\"number\">\(values[$0])</td></tr>" })
            </tbody></table></details>
            </figure>
            """
    }

    private func line(at share: Double, scale: Int) -> HTML {
        let y = Self.height - Int(share * Double(Self.height))
        let value = share == 0.5 && scale % 2 != 0 ? "" : Self.short(Int(share * Double(scale)))
        return """
            <line class="grid" x1="0" x2="\(Self.width)" y1="\(y)" y2="\(y)"/>\
            <text x="-6" y="\(y + 4)" text-anchor="end">\(value)</text>
            """
    }

    private func bar(_ index: Int, step: Double, scale: Int) -> HTML {
        let height = Double(values[index]) / Double(scale) * Double(Self.height)
        // What is not nothing is seen.
        let seen = values[index] > 0 ? max(2, height) : 0
        return """
            <rect class="value" x="\(Self.decimal(Double(index) * step + step * 0.15))" \
            y="\(Self.decimal(Double(Self.height) - seen))" width="\(Self.decimal(step * 0.7))" \
            height="\(Self.decimal(seen))" rx="2"><title>\(words.day(times[index])): \(values[index])</title></rect>
            """
    }

    private func label(at index: Int, step: Double, anchor: String) -> HTML? {
        guard values.indices.contains(index) else { return nil }
        let x = Double(index) * step + (anchor == "end" ? step : 0)
        return "<text x=\"\(Self.decimal(x))\" y=\"138\" text-anchor=\"\(anchor)\">\(words.day(times[index]))</text>"
    }

    /// The next of 1, 2, 5, 10, 20, 50 …
    static func roundedUp(_ value: Int) -> Int {
        var power = 1
        while power <= value / 10 { power *= 10 }
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= value } ?? value
    }

    /// `950`, `1.2k`, `3M`.
    static func short(_ value: Int) -> String {
        switch value {
        case ..<1_000: String(value)
        case ..<1_000_000: decimal(Double(value) / 1_000) + "k"
        default: decimal(Double(value) / 1_000_000) + "M"
        }
    }

    /// With one decimal at most.
    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
