import Crypto
import MartletProtocol
import NIOCore
import NIOSSL

/// The two PEM files of a certificate, as they were read.
struct TLSFiles {
    let certificateFile: String
    let keyFile: String
    let certificate: [UInt8]
    let key: [UInt8]

    /// - Throws: ``TransportError`` where one of them cannot be read.
    init(certificateFile: String, keyFile: String) throws(TransportError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        certificate = try PrivateFile.read(certificateFile, orThrow: .certificateUnreadable, as: "the certificate")
        key = try PrivateFile.read(keyFile, orThrow: .keyUnreadable, as: "the certificate's key")
    }

    /// Tells one version of the files from the next; a time of change would miss two in one tick of the file system.
    var digest: SHA256.Digest {
        var hash = SHA256()
        hash.update(data: SHA256.hash(data: certificate).map { $0 })
        hash.update(data: key)
        return hash.finalize()
    }
}

/// A certificate chain with its private key, found to belong together.
struct TLSCredentials {
    let context: NIOSSLContext
    let notBefore: Timestamp
    let notAfter: Timestamp

    /// - Throws: ``TransportError`` that names the file and what is wrong with it.
    init(_ files: TLSFiles) throws(TransportError) {
        let chain = try Self.chain(files)
        let key = try Self.key(files)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        // For TLS 1.2 only ephemeral keys and AEAD, as HTTP/2 asks (RFC 9113 §9.2.2); TLS 1.3 has no others.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        configuration.shutdownTimeout = .seconds(2)
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            // Both files are well-formed by here: what is left is that they are not a pair.
            throw TransportError(
                .keyMismatch,
                "the key in \(files.keyFile) does not belong to the certificate in \(files.certificateFile)")
        }
        notBefore = Timestamp(seconds: Int64(chain[0].notValidBefore))
        notAfter = Timestamp(seconds: Int64(chain[0].notValidAfter))
    }

    private static func chain(_ files: TLSFiles) throws(TransportError) -> [NIOSSLCertificate] {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(files.certificate), !chain.isEmpty else {
            throw TransportError(
                .certificateInvalid,
                "\(files.certificateFile) holds no certificate in PEM (-----BEGIN CERTIFICATE-----), or a damaged one")
        }
        return chain
    }

    private static func key(_ files: TLSFiles) throws(TransportError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: files.key, format: .pem)
        } catch {
            throw TransportError(
                .keyInvalid,
                "\(files.keyFile) holds no private key in PEM (-----BEGIN PRIVATE KEY-----) without a passphrase")
        }
    }
}
