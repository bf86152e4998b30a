import Hummingbird
import MartletCore

/// What the management listener serves: `/metrics`, to be read by Prometheus.
enum MetricsRoute {
    static let path = "/metrics"

    /// Requests here are not logged: there is one every few seconds, and it tells nothing.
    static func router(_ report: MetricsReport) -> Router<AuthorityRequestContext> {
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: SecurityHeaders(strictTransportSecurity: false))
        router.add(middleware: ProblemAnswers())
        let route = Route<AuthorityRequestContext>(.get, path) { _, _ in
            .uncached(bytes: Array(report.text.utf8), type: MetricsText.mediaType)
        }
        router.add([route], at: path)
        return router
    }
}
