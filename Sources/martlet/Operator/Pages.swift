/// Everything that is given out a page at a time.
///
/// - Parameter page: gives the items after one of them, or from the start, and not more than it is asked for.
func allPages<Item>(_ page: (_ after: Item?, _ limit: Int) async throws -> [Item]) async throws -> [Item] {
    let limit = 500
    var items = try await page(nil, limit)
    var count = items.count
    while count == limit {
        let next = try await page(items.last, limit)
        count = next.count
        items += next
    }
    return items
}
