import MartletCore

/// What is posted to an endpoint.
struct WebhookRequest: Sendable {
    let url: WebhookURL
    var fields: [(name: String, value: String)]
    let body: [UInt8]
}

/// What an endpoint answered, as far as that matters.
struct WebhookAnswer: Sendable {
    let status: Int
    /// When it wants to be asked again.
    let retryAfter: Duration?
    /// The beginning of the body.
    let body: [UInt8]
}
