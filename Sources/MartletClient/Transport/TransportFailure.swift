package import HTTPTypes

/// Why there is no answer.
package struct TransportFailure: Error, Sendable {
    package enum Kind: Sendable {
        /// Nothing listens there.
        case refused
        /// No network, or none that leads there.
        case noRoute
        /// The host's name has no address.
        case unknownHost
        /// It took too long.
        case timedOut
        /// The other side closed the connection before the answer was whole.
        case closed
        /// What answers there does not speak HTTP.
        case noHTTP
        /// The TLS handshake failed for another reason than the certificate.
        case noTLS
        /// The server's certificate is not from a CA that is trusted, or is not valid now.
        case untrusted
        /// The server's certificate is for another host.
        case otherHost
        /// Anything else that keeps an answer away.
        case unreachable
        /// `mayBeSent` said no.
        case tooLate
        case answerTooLarge
    }

    package var kind: Kind
    /// What the library said. Holds no secret.
    package var detail: String
    /// Host and port, as a URL has them.
    package var authority: String
    package var isEncrypted: Bool

    /// - Parameter head: the request that failed.
    package init(_ kind: Kind, to head: HTTPRequest, detail: String) {
        self.kind = kind
        self.detail = detail
        authority = head.authority ?? "the server"
        isEncrypted = head.scheme != "http"
    }
}

extension MartletClientError {
    init(_ failure: TransportFailure) {
        let server = failure.authority
        var code = Code.offline
        let message: String
        switch failure.kind {
        case .refused:
            message = "Nothing answers at \(server). Does the server run?"
        case .noRoute:
            message = "There is no way to \(server) from here. Check the network."
        case .unknownHost:
            message = "The host of \(server) is not found. Check the server's URL and the network."
        case .timedOut:
            message = "\(server) did not answer in time. Check the network, and whether the server runs."
        case .closed:
            message =
                "\(server) closed the connection before it had answered. "
                + (failure.isEncrypted ? "Does the server still run?" : "Does it speak https?")
        case .noHTTP:
            message =
                "What answers at \(server) is not HTTP. "
                + (failure.isEncrypted ? "Check the server's URL." : "Does it speak https?")
        case .noTLS:
            message = "There is no TLS connection to \(server). Does it speak https at that port, or http?"
        case .untrusted:
            code = .untrustedCertificate
            message =
                "The certificate of \(server) is not from a CA that is trusted here, or is not valid now. Name the file "
                + "of its CA (trustedCertificates; martlet login --ca). That of a local CA is tls/ca.pem in the data "
                + "folder."
        case .otherHost:
            code = .untrustedCertificate
            message =
                "The certificate of \(server) is for another host. Use the name that the certificate has."
        case .unreachable:
            // Not one of those that happen every day, so the library's own words are all there is.
            self.init(.offline, "\(server) could not be reached: \(failure.detail)")
            return
        case .tooLate:
            message = "The connection took too long. Try again."
        case .answerTooLarge:
            code = .answerTooLarge
            message = "The answer is larger than maximumResponseBytes allows."
        }
        self.init(code, message, detail: failure.detail)
    }
}
