/// Numbers as people read them, without Foundation.
enum Text {
    /// `0.2 %`, `5 %`; for shares from 0 to 1.
    static func percent(_ share: Double) -> String {
        let thousandths = Int((share * 1_000).rounded())
        switch share {
        case 0: return "0 %"
        case _ where thousandths == 0: return "< 0.1 %"
        case _ where thousandths == 1_000 && share < 1: return "> 99.9 %"
        default:
            return thousandths % 10 == 0 ? "\(thousandths / 10) %" : "\(thousandths / 10).\(thousandths % 10) %"
        }
    }

    /// `4,320,000`.
    static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }

    static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
            .joined(separator: "\n")
    }
}
