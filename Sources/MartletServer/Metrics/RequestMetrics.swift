import HTTPTypes
import Hummingbird
import MartletCore

/// How many requests there were, and how long their answers took, by what they were for and by how they ended.
final class RequestMetrics: Sendable {
    /// The values of the label `status`.
    static let statusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"]

    private let durations = RouteClass.allCases.map { _ in statusClasses.map { _ in DurationHistogram() } }

    /// - Parameter status: from 100 to 599; any other counts as an error of the server.
    func record(_ route: RouteClass, status: Int, _ duration: Duration) {
        let statusClass = (100..<600).contains(status) ? status / 100 - 1 : 4
        durations[route.rawValue][statusClass].record(duration)
    }

    func write(to text: inout MetricsText) {
        let readings = RouteClass.allCases.flatMap { route in
            Self.statusClasses.indices.dropFirst().map { status in
                (route.label, Self.statusClasses[status], durations[route.rawValue][status].reading)
            }
        }
        text.begin(
            .counter, "martlet_http_requests_total", "Requests that were answered, by what they were for and status.")
        for (route, status, reading) in readings { text.sample(["route": route, "status": status], reading.count) }
        text.begin(
            .histogram, "martlet_http_request_duration_seconds",
            "How long answers took until their content began, by what the requests were for and status. A pair that "
                + "never was is left out.")
        for (route, status, reading) in readings where reading.count > 0 {
            text.samples(["route": route, "status": status], reading)
        }
    }
}

/// Records each request that comes to the router. It goes outside of what makes errors answers.
struct RequestMeasurement: RouterMiddleware {
    typealias Context = AuthorityRequestContext

    let metrics: RequestMetrics

    func handle(
        _ request: Request, context: AuthorityRequestContext,
        next: @concurrent (Request, AuthorityRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        do {
            let response = try await next(request, context)
            record(request, context, response.status.code, since: start)
            return response
        } catch {
            record(request, context, 500, since: start)
            throw error
        }
    }

    private func record(
        _ request: Request, _ context: AuthorityRequestContext, _ status: Int, since start: ContinuousClock.Instant
    ) {
        // The router has written there which route it was.
        let route = RouteClass(request.method, route: context.coreContext.endpointPath.value)
        metrics.record(route, status: status, ContinuousClock.now - start)
    }
}
