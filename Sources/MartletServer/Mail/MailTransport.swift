import CCurlMail
import MartletProtocol
import NIOPosix
import Synchronization

/// Hands mail to the server, one message at a time, on a thread of its own that there is from the first message on.
final class MailTransport: Sendable {
    private let options: MailOptions
    private let server: MailServer
    private let threads = Mutex<NIOThreadPool?>(nil)

    init(_ options: MailOptions, server: MailServer) {
        self.options = options
        self.server = server
    }

    deinit {
        // Nothing is sent any more: whoever sends holds the transport.
        threads.withLock { $0 }?.shutdownGracefully { _ in }
    }

    /// Sends a message. Where the task is cancelled, it is given up within a second or so; the server may have taken it
    /// nevertheless.
    ///
    /// - Returns: what the server answered once it had the message.
    func send(_ message: MailMessage) async throws(MailError) -> String {
        let stop = MailStop()
        let pool = threads.withLock { threads in
            if let threads { return threads }
            let made = NIOThreadPool(numberOfThreads: 1)
            made.start()
            threads = made
            return made
        }
        let result: Result<String, MailError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pool.submit { [options, server] state in
                    guard case .active = state else { return continuation.resume(returning: .failure(.init(.stopped))) }
                    continuation.resume(returning: Self.send(message, options, server, stop))
                }
            }
        } onCancel: {
            stop.now()
        }
        return try result.get()
    }

    private static func send(
        _ message: MailMessage, _ options: MailOptions, _ server: MailServer, _ stop: MailStop
    ) -> Result<String, MailError> {
        let bytes = message.bytes
        var words = [CChar](repeating: 0, count: Int(martlet_mail_text))
        var fault = words
        let outcome = unsafe martlet_mail_send(
            server.description, options.username, options.password?.text, options.trustedCertificates,
            server.beginsWithTLS || options.startTLS == .required ? 1 : 0,
            Int(min(options.timeout, .seconds(15)).wholeMilliseconds), Int(options.timeout.wholeMilliseconds),
            message.from.address, message.recipient, bytes, bytes.count, stop.pointer, &words, &fault)
        guard outcome.fate != martlet_mail_sent else { return .success(text(words)) }
        return .failure(
            MailError(
                .init(outcome.fate), reply: Int(outcome.reply), words: text(words), detail: text(fault)))
    }

    /// A C string of another program's, as a line that can be shown.
    private static func text(_ characters: [CChar]) -> String {
        MailHeader.oneLine(String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}

/// Stops a message that is being sent.
///
/// What it points to is atomic, so any thread may set it; that is why it is sendable. It is valid as long as the object.
@safe private final class MailStop: @unchecked Sendable {
    fileprivate let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe martlet_mail_stop_make() else { fatalError("no memory is left") }
        unsafe self.pointer = pointer
    }

    deinit { unsafe martlet_mail_stop_free(pointer) }

    func now() { unsafe martlet_mail_stop_now(pointer) }
}
