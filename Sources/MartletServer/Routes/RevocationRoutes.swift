import HTTPTypes
import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/revocations`: which access tokens are refused although they have not expired, for those who verify them.
extension AuthorityRoutes {
    var revocationRoutes: [Route<Context>] {
        [
            Route(.get, "/v1/revocations") { request, _ in
                let client = try await feedReader(of: request)
                try await feed.catchUp()
                let snapshot = feed.snapshot(for: client.audience)
                return Response(
                    status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                    body: ResponseBody(byteBuffer: snapshot.json))
            },
            Route(.get, "/v1/revocations/stream") { request, _ in
                let client = try await feedReader(of: request)
                let lastEventID = try lastEventID(of: request)
                guard let place = feed.takePlace() else {
                    throw AuthorityError(
                        .overloaded, message: "As many streams are open as there may be (revocations.streams).",
                        retryAfter: .seconds(5))
                }
                try await feed.catchUp()
                let stream = RevocationStream(
                    feed: feed, place: place, token: client.token, audience: client.audience,
                    lastEventID: lastEventID, clock: authority.clock)
                return Response(
                    status: .ok,
                    headers: [
                        .contentType: "text/event-stream", .cacheControl: "no-store",
                        // A proxy that gathers what it passes on would hold events back (nginx).
                        .xAccelBuffering: "no",
                    ],
                    body: ResponseBody { try await stream.send(to: &$0) })
            },
        ]
    }

    /// The client that reads the feed, and the audience that it reads it for.
    private func feedReader(
        of request: Request
    ) async throws(AuthorityError) -> (token: VerifiedAccessToken, audience: String) {
        let reader = try await authority.authenticateClient(
            accessToken: request.bearerToken(), requiring: Authority.readRevocations)
        return (reader.token, reader.client.audience ?? authority.settings.issuer)
    }

    /// A cursor that is not one is a mistake of the reader's; one that cannot be gone on from is not.
    private func lastEventID(of request: Request) throws(AuthorityError) -> RevocationCursor? {
        let fields = request.headers[values: .lastEventID]
        guard let field = fields.first else { return nil }
        guard fields.count == 1, let cursor = RevocationCursor(field) else {
            throw .malformed("Last-Event-ID has to be the id of an event of this stream, once, or be left out.")
        }
        return cursor
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
    fileprivate static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
