package import HTTPTypes

/// Sends one request and reads the whole answer. It follows no redirect and sends nothing twice.
package protocol HTTPTransport: Sendable {
    /// - Throws: ``TransportFailure``, or `CancellationError`.
    func send(_ request: OutgoingRequest) async throws -> ClientResponse
}

package struct OutgoingRequest: Sendable {
    package var head: HTTPRequest
    package var body: [UInt8] = []
    /// How long it may take, to the last byte of the answer.
    package var timeout: Duration
    package var maximumResponseBytes: Int
    /// Asked right before the body is sent: it is not sent any more where this says no.
    package var mayBeSent: @Sendable () -> Bool = { true }
}
