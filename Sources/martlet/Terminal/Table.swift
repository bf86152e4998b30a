/// Rows whose columns are aligned.
struct Table {
    private var rows: [[String]]

    /// - Parameter headings: none for a list of names and values.
    init(_ headings: [String] = []) {
        rows = headings.isEmpty ? [] : [headings.map { $0.uppercased() }]
    }

    /// - Parameter cells: as many as there are columns; nil and empty ones are shown as `-`.
    mutating func add(_ cells: String?...) {
        rows.append(cells.map { $0.map(\.singleLine) ?? "" }.map { $0.isEmpty ? "-" : $0 })
    }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                // Nothing follows the last column, so it is not filled up.
                column == columns - 1
                    ? cell.0 : cell.0 + String(repeating: " ", count: cell.1 - cell.0.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var singleLine: String {
        String(printable.map { $0.isNewline ? " " : $0 })
    }
}
