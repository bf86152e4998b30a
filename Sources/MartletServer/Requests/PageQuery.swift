import MartletCore
import MartletProtocol

/// What a list takes in its query: `limit`, `after` and, where it can be filtered, `filter`, each at most once.
struct PageQuery {
    /// From 1 to 1,000; 100 where it is not said.
    let limit: Int
    let filter: String?
    private let after: String?

    /// - Parameter query: nil for none.
    init(_ query: String?, allowingFilter: Bool = true) throws {
        let parameters = try FormParameters(parsing: (query ?? "").utf8)
        let allowed = ["limit", "after"] + (allowingFilter ? ["filter"] : [])
        guard parameters.names.allSatisfy(allowed.contains) else {
            throw AuthorityError.malformed(
                "The parameters here are \(allowingFilter ? "limit, after and filter" : "limit and after").")
        }
        limit = parameters["limit"].map { Int($0) ?? 0 } ?? 100
        guard (1...1_000).contains(limit) else {
            throw AuthorityError.malformed("The parameter limit is a number from 1 to 1000.")
        }
        filter = parameters["filter"]
        after = parameters["after"]
    }

    /// Where the page before ended; nil for the first page.
    ///
    /// - Parameter read: gives nil for what no page can have said.
    func after<Place>(_ read: (String) -> Place?) throws(AuthorityError) -> Place? {
        guard let after else { return nil }
        guard let place = read(after) else { throw Self.noSuchPlace }
        return place
    }

    static let noSuchPlace = AuthorityError.malformed(
        "The parameter after is the next of the page before, with the same filter; begin without it.")
}
