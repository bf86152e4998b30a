import Hummingbird
import MartletCore
import MartletProtocol

/// `GET /v1/admin/statistics`: the numbers of the console's overview.
extension AuthorityRoutes {
    var adminStatisticsRoute: Route<Context> {
        Route(.get, "/v1/admin/statistics") { request, _ in
            _ = try await administrator(of: request)
            guard let overview = try await figures.figures(.ofScripts) else {
                throw AuthorityError(
                    .overloaded, message: "The numbers are being counted; ask again after Retry-After.",
                    retryAfter: .seconds(1))
            }
            return .uncached(bytes: overview.encoded())
        }
    }
}
