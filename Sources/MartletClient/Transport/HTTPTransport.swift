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

package struct TransportFailure: Error, Sendable {
    package enum Kind: Sendable {
        /// No connection, a lost one, no answer in time.
        case unreachable
        /// The server's certificate is not from a CA that is trusted.
        case untrusted
        /// `mayBeSent` said no.
        case tooLate
        case answerTooLarge
    }

    package var kind: Kind
    /// What the library said. Holds no secret.
    package var detail: String

    package init(_ kind: Kind, detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
