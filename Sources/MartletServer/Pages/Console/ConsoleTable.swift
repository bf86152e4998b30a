/// A table of the console. On a narrow screen it is scrolled sideways by itself, with the keyboard too.
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
            <div class="scroll card" role="region" aria-label="\(title)" tabindex="0"><table>
            <thead><tr>\(each: columns, { "<th scope=\"col\">\($0)</th>" })</tr></thead>
            <tbody>
            \(each: rows, row)
            </tbody></table></div>
            \(pages)
            """
    }

    /// The first cell names its row.
    private func row(_ cells: [HTML]) -> HTML {
        "<tr><th scope=\"row\">\(cells[0])</th>\(each: cells.dropFirst(), { "<td>\($0)</td>" })</tr>"
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
