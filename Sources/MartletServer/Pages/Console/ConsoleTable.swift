/// A table of the console. On a narrow screen each row is a block, with the names of the columns beside the cells; the
/// roles keep it a table for those who hear it. What is too wide all the same is scrolled, with the keyboard too.
struct ConsoleTable {
    let title: String
    let columns: [String]
    /// A cell for each column; each row is at least one cell long.
    let rows: [[HTML]]
    /// What is said in place of a table without rows.
    let empty: String
    /// Where the next page is; nil on the last one.
    var next: String?
    /// Where the first page is; nil on it.
    var first: String?

    let words: Words

    var html: HTML {
        guard !rows.isEmpty else {
            return "<p class=\"empty card\">\(empty)</p>\(pages)"
        }
        return """
            <div class="scroll card" role="region" aria-label="\(title)" tabindex="0"><table role="table">
            <thead role="rowgroup"><tr role="row">\(each: columns, { "<th scope=\"col\" role=\"columnheader\">\($0)</th>" })</tr></thead>
            <tbody role="rowgroup">
            \(each: rows, row)
            </tbody></table></div>
            \(pages)
            """
    }

    /// The first cell names its row.
    private func row(_ cells: [HTML]) -> HTML {
        """
        <tr role="row"><th scope="row" role="rowheader">\(cells[0])</th>\
        \(each: zip(columns, cells).dropFirst(), { "<td role=\"cell\" data-label=\"\($0.0)\">\($0.1)</td>" })</tr>
        """
    }

    private var pages: HTML? {
        guard next != nil || first != nil else { return nil }
        return """
            <nav class="pages" aria-label="\(title)">\
            \(first.map { "<a class=\"button\" href=\"\($0)\">\(words.first)</a>" })\
            \(next.map { "<a class=\"button\" rel=\"next\" href=\"\($0)\">\(words.next)</a>" })</nav>
            """
    }

    /// A page of a list that was asked for one row more than it shows.
    static func page<Element>(_ found: [Element], size: Int) -> (shown: [Element], hasMore: Bool) {
        (Array(found.prefix(size)), found.count > size)
    }
}
