import Testing

@testable import MartletVerifier

/// How long an answer is fresh (RFC 9111 §4.2).
struct LifetimeTests {
    @Test(
        arguments: [
            ([], nil, nil), ([""], nil, nil), (["public"], nil, nil),
            (["max-age=300"], nil, 300), (["public, Max-Age=300 , must-revalidate"], nil, 300),
            (["max-age=\"300\""], nil, 300), (["max-age=300", "max-age=60"], nil, 60),
            (["max-age=300"], "100", 200), (["max-age=300"], " 400", 0), (["max-age=300"], "x", 300),
            (["no-cache"], nil, 0), (["no-store, max-age=300"], nil, 0), (["max-age=300, no-cache"], nil, 0),
            (["max-age"], nil, 0), (["max-age="], nil, 0), (["max-age=-1"], nil, 0), (["max-age=3x"], nil, 0),
            (["max-age=99999999999999999999999"], nil, 1 << 31), (["s-maxage=300"], nil, nil),
        ] as [([String], String?, Int64?)])
    func cacheControlAndAge(cacheControl: [String], age: String?, seconds: Int64?) {
        let response = TransportResponse(status: 200, cacheControl: cacheControl, age: age)
        #expect(response.lifetime == seconds.map { .seconds($0) })
    }
}
