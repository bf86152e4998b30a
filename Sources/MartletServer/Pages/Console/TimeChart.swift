import MartletProtocol

/// Numbers over time as inline SVG, and as a table for those who do not see it. The colours are the stylesheet's.
struct TimeChart {
    enum Form {
        /// What happened in each span.
        case bars
        /// What there was at the end of each span.
        case line
    }

    let title: String
    /// What the numbers come to, in a few words.
    let summary: String
    let form: Form
    /// Nil where there is nothing to say of a span.
    let values: [Double?]
    /// The end of each span.
    let times: [Timestamp]
    let words: Words
    /// Comes behind each number.
    var unit = ""
    /// Whether any of it is a reason to look.
    var isWarning = false

    private static let width = 560.0
    private static let height = 120.0

    private var scale: Double { Self.roundedUp(values.compactMap(\.self).max() ?? 0) }
    private var step: Double { Self.width / Double(max(1, values.count)) }

    var html: HTML {
        """
        <figure class="card chart\(isWarning ? " warning" : "")"><figcaption><h2>\(title)</h2><p>\(summary)</p></figcaption>
        <svg viewBox="-66 -14 634 164" role="img" aria-label="\(title): \(summary)">
        \(each: values.contains { ($0 ?? 0) > 0 } ? [0, 0.5, 1] : [0], grid)
        \(form == .bars ? "\(each: values.indices, bar)" : line)
        \(each: labelled, label)
        </svg>
        <details><summary>\(words.numbers)</summary><table><thead><tr><th scope="col">\(words.day)</th>\
        <th scope="col" class="number">\(words.count)</th></tr></thead><tbody>
        \(each: values.indices.reversed(), row)
        </tbody></table></details>
        </figure>
        """
    }

    private func row(_ index: Int) -> HTML {
        """
        <tr><td>\(words.full(times[index]))</td>\
        <td class="number">\(values[index].map { Self.decimal($0) + unit } ?? "–")</td></tr>
        """
    }

    private func grid(at share: Double) -> HTML {
        let y = Self.decimal(Self.height * (1 - share))
        let value = share * scale
        return """
            <line class="grid" x1="0" x2="\(Self.decimal(Self.width))" y1="\(y)" y2="\(y)"/>\
            <text x="-8" y="\(y)" dy=".32em" text-anchor="end">\(Self.short(value) + unit)</text>
            """
    }

    private func bar(_ index: Int) -> HTML {
        guard let value = values[index], value > 0 else { return "" }
        // What is not nothing is seen.
        let height = max(2, value / scale * Self.height)
        return """
            <rect class="value" x="\(Self.decimal(Double(index) * step + step * 0.16))" \
            y="\(Self.decimal(Self.height - height))" width="\(Self.decimal(step * 0.68))" \
            height="\(Self.decimal(height))" rx="2">\(tip(index, value))</rect>
            """
    }

    private func tip(_ index: Int, _ value: Double) -> HTML {
        "<title>\(words.day(times[index])): \(Self.decimal(value) + unit)</title>"
    }

    /// A line through what is known, with a gap where nothing is, over a tinted area.
    private var line: HTML {
        var runs: [[Int]] = []
        for index in values.indices where values[index] != nil {
            if let last = runs.last?.last, last == index - 1 {
                runs[runs.count - 1].append(index)
            } else {
                runs.append([index])
            }
        }
        return """
            \(each: runs, { "<path class=\"area\" d=\"\(path($0))V120H\(x($0[0]))z\"/><path class=\"line\" d=\"\(path($0))\"/>" })\
            \(each: values.indices, dot)
            """
    }

    private func dot(_ index: Int) -> HTML {
        guard let value = values[index] else { return "" }
        return "<circle class=\"dot\" cx=\"\(x(index))\" cy=\"\(y(value))\" r=\"3\">\(tip(index, value))</circle>"
    }

    private func path(_ run: [Int]) -> String {
        "M" + run.map { "\(x($0)) \(y(values[$0] ?? 0))" }.joined(separator: "L")
    }

    private func x(_ index: Int) -> String { Self.decimal((Double(index) + 0.5) * step) }

    private func y(_ value: Double) -> String { Self.decimal(Self.height * (1 - value / scale)) }

    /// The first, the middle and the last: more would run into each other on a phone.
    private var labelled: [Int] {
        Array(Set([0, (values.count - 1) / 2, values.count - 1]).filter(values.indices.contains)).sorted()
    }

    private func label(_ index: Int) -> HTML {
        """
        <text x="\(x(index))" y="142" text-anchor="\(index == 0 ? "start" : index == values.count - 1 ? "end" : "middle")">\
        \(words.shortDay(times[index]))</text>
        """
    }

    /// The next number with one digit that is not nought and whose half is as round: half of one event is none. 1 for
    /// nothing.
    static func roundedUp(_ value: Double) -> Double {
        guard value > 0 else { return 1 }
        var power = 0.1
        while power <= value / 10 { power *= 10 }
        let digits: [Double] = power < 10 ? [2, 4, 6, 8, 10] : [1, 2, 3, 4, 5, 6, 8, 10]
        return digits.map { ($0 * power * 10).rounded() / 10 }.first { $0 >= value } ?? value
    }

    /// `950`, `1.2k`, `3M`.
    static func short(_ value: Double) -> String {
        switch value {
        case ..<1_000: decimal(value)
        case ..<1_000_000: decimal(value / 1_000) + "k"
        default: decimal(value / 1_000_000) + "M"
        }
    }

    /// With one decimal at most.
    static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
