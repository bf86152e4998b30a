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

extension OutgoingRequest {
    /// What the work returns, unless the timeout ends first. The limits of the libraries are no help: they hold for a part
    /// of the answer, or for each silence, and a line that goes dead or slow would be listened to for ever.
    func withinTimeout<Answer: Sendable>(
        _ work: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: timeout, clock: .continuous)
                throw TransportFailure(.timedOut, to: head, detail: "the answer did not end in time")
            }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
