import Hummingbird
import MartletCore

/// `/health/live`: the process answers. `/health/ready`: so does its storage.
extension AuthorityRoutes {
    var healthRoutes: [Route<Context>] {
        [
            Route(.get, "/health/live") { _, _ in
                .uncached(bytes: Array(#"{"status":"live"}"#.utf8))
            },
            Route(.get, "/health/ready") { _, _ in
                do throws(AuthorityError) {
                    _ = try await authority.changeCounter()
                    return .uncached(bytes: Array(#"{"status":"ready"}"#.utf8))
                } catch {
                    return .uncached(.serviceUnavailable, bytes: Array(#"{"status":"storage_unavailable"}"#.utf8))
                }
            },
        ]
    }
}
