import Synchronization

@testable import MartletVerifier

/// Gives one answer to whatever is asked, and remembers what that was.
final class RecordingTransport: Transport {
    private let answer: TransportResponse
    private let recorded = Mutex<[String]>([])

    init(answer: TransportResponse) {
        self.answer = answer
    }

    var urls: [String] { recorded.withLock { $0 } }

    func send(_ request: TransportRequest) async throws -> TransportResponse {
        recorded.withLock { $0.append(request.url) }
        return answer
    }

    func open(_ request: TransportRequest) async throws -> TransportStream {
        recorded.withLock { $0.append(request.url) }
        throw CancellationError()
    }
}
