import HTTPTypes
import Hummingbird
import MartletCore

/// `GET /oauth2/status-lists/{number}`: a signed status list, for everyone (draft-ietf-oauth-status-list §8).
extension AuthorityRoutes {
    var statusListRoute: Route<Context> {
        Route(.get, "/oauth2/status-lists/{number}") { request, context in
            // Only as tokens have it: `01` would be a second name of the same list.
            guard let text = context.parameters.get("number"), let number = Int64(text), String(number) == text else {
                throw Authority.noSuchStatusList
            }
            return .published(
                try await statusLists.document(number), type: "application/statuslist+jwt",
                maxAge: StatusListPublisher.maxAge, for: request)
        }
    }
}
