import Crypto
public import Logging
import MartletProtocol
import NIOSSL
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The certificate that new connections are served with: replaced files are taken up without a restart.
///
/// The files are looked at every few seconds. A pair that does not load, such as a new certificate whose key is still
/// to come, leaves the old one in use and is logged once; connections that are open keep what they have.
public final class TLSContext: Sendable {
    private struct State {
        var credentials: TLSCredentials
        var loaded: SHA256.Digest
        /// What went wrong last, so that it is logged once.
        var failure: String?
    }

    private let source: TLSSource
    private let reloadInterval: Duration
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let state: Mutex<State>

    /// Loads the certificate; a local CA is made at need.
    ///
    /// - Parameters:
    ///   - source: where the certificate comes from.
    ///   - reloadInterval: how often the files are looked at; 10 s by default.
    ///   - logger: hears of reloads, of replacements that do not load, and of a certificate past its end.
    /// - Throws: ``TransportError`` that names the file and says what is wrong.
    public convenience init(
        source: TLSSource, reloadInterval: Duration = .seconds(10), logger: Logger
    ) throws(TransportError) {
        try self.init(source: source, reloadInterval: reloadInterval, logger: logger) {
            Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        }
    }

    init(
        source: TLSSource, reloadInterval: Duration, logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) throws(TransportError) {
        self.source = source
        self.reloadInterval = reloadInterval
        self.now = now
        self.logger = logger
        let files = try Self.read(source, now: now(), logger: logger)
        let credentials = try TLSCredentials(files)
        state = Mutex(State(credentials: credentials, loaded: files.digest))
        warnOfValidity(credentials)
    }

    /// What the next connection is served with.
    var current: NIOSSLContext { state.withLock { $0.credentials.context } }

    /// Looks at the files until it is cancelled.
    func run() async {
        while (try? await Task.sleep(for: reloadInterval)) != nil { refresh() }
    }

    /// Renews a certificate of the local CA that nears its end, and takes up files that were replaced.
    func refresh() {
        do throws(TransportError) {
            let files = try Self.read(source, now: now(), logger: logger)
            let digest = files.digest
            let isLoaded = state.withLock { state in
                if state.loaded == digest { state.failure = nil }
                return state.loaded == digest
            }
            if isLoaded { return }
            let credentials = try TLSCredentials(files)
            state.withLock { $0 = State(credentials: credentials, loaded: digest) }
            logger.info("took up a new certificate", metadata: ["validUntil": "\(credentials.notAfter)"])
            warnOfValidity(credentials)
        } catch {
            let isNew = state.withLock { state in
                defer { state.failure = error.message }
                return state.failure != error.message
            }
            guard isNew else { return }
            logger.error(
                "the certificate was not replaced; the one in use stays",
                metadata: ["code": "\(error.code.rawValue)", "reason": "\(error.message)"])
        }
    }

    private static func read(_ source: TLSSource, now: Timestamp, logger: Logger) throws(TransportError) -> TLSFiles {
        switch source {
        case .localCA(let authority):
            if try authority.prepare(now: now).madeAuthority {
                logger.info("made a local CA", metadata: ["file": "\(authority.caFile)"])
            }
            return try TLSFiles(certificateFile: authority.serverFile, keyFile: authority.serverKeyFile)
        case .files(let certificate, let key):
            return try TLSFiles(certificateFile: certificate, keyFile: key)
        }
    }

    private func warnOfValidity(_ credentials: TLSCredentials) {
        if credentials.notAfter < now() {
            logger.warning("the certificate has expired", metadata: ["validUntil": "\(credentials.notAfter)"])
        } else if credentials.notBefore > now() {
            logger.warning("the certificate is not valid yet", metadata: ["validFrom": "\(credentials.notBefore)"])
        }
    }
}
