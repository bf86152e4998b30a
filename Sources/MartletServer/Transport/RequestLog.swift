import HTTPTypes
public import Hummingbird
import Logging

/// Logs one line for each request, at `info`: method, path without query, status, milliseconds, request id, address.
///
/// No header field and no query is logged: they hold tokens. The answer gets the request's id as `X-Request-Id`. It
/// goes outside of the other middleware, so that the line tells what the client got, except for ``ForwardedAddress``,
/// which finds the address. An error that nothing answered is answered with 500 and logged by its type.
public struct RequestLog: RouterMiddleware {
    public init() {}

    public func handle(
        _ request: Request, context: AuthorityRequestContext,
        next: @concurrent (Request, AuthorityRequestContext) async throws -> Response
    ) async throws -> Response {
        try await handle(request, context: context, since: .now, next: next)
    }

    /// - Parameter start: when the request began to be answered.
    func handle(
        _ request: Request, context: AuthorityRequestContext, since start: ContinuousClock.Instant,
        next: @concurrent (Request, AuthorityRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        } catch {
            // The type only: an error's text may hold what must not be logged.
            context.logger.error("a request failed", metadata: ["error": "\(type(of: error))"])
            response = Response(RequestRefusal.failed)
        }
        response.headers[.xRequestID] = context.id
        log(request.head, context.requestID, context.bareLogger, status: response.status.code, since: start) {
            context.clientAddress
        }
        return response
    }

    /// Writes the line of a request that was answered.
    ///
    /// - Parameter address: the client's.
    func log(
        _ request: HTTPRequest, _ id: AuthorityRequestID, _ logger: Logger, status: Int,
        since start: ContinuousClock.Instant, address: () -> String
    ) {
        guard logger.logLevel <= .info else { return }
        logger.info(
            "request",
            metadata: [
                "method": .string(request.method.rawValue),
                "path": .string(String((request.path ?? "").prefix { $0 != "?" }.prefix(256))),
                "status": .stringConvertible(status),
                "ms": .string(Self.milliseconds(ContinuousClock.now - start)),
                "request": .stringConvertible(id),
                "address": .string(address()),
            ])
    }

    /// With three decimals, cut.
    static func milliseconds(_ duration: Duration) -> String {
        let microseconds =
            duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        let fraction = String(microseconds % 1_000)
        return "\(microseconds / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}

extension HTTPField.Name {
    static let xRequestID = HTTPField.Name("X-Request-Id")!
}
