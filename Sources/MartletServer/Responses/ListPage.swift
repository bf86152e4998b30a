import MartletJOSE

/// A page of a list: `{"users": […], "next": "…"}`. `next` is there where more may follow, and is the next page's
/// `after`.
struct ListPage<Item> {
    let items: ArraySlice<Item>
    let next: String?

    /// - Parameters:
    ///   - found: one more than the limit, where there are so many.
    ///   - place: how the page that follows an item names it.
    init(_ found: [Item], limit: Int, next place: (Item) -> String) {
        items = found.prefix(limit)
        next = found.count > limit ? items.last.map(place) : nil
    }

    /// - Parameter name: the list's.
    func encoded(_ name: String, _ write: (Item, inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 * items.count + 64)
        writer.object {
            $0.member(name) {
                $0.array {
                    for item in items { write(item, &$0) }
                }
            }
            if let next { $0.member("next", next) }
        }
        return writer.bytes
    }
}
