import Crypto
import MartletProtocol
import NIOCore
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A certificate authority of one data folder, for HTTPS on this machine without any set-up.
///
/// The folder (0700) holds `ca.pem`, which clients trust, `ca-key.pem` (0600), and the server's certificate
/// `server.pem` with `server-key.pem` (0600), which the CA issues for `localhost`, 127.0.0.1 and ::1. The CA is good
/// for `localhost` only: its name constraints (RFC 5280 §4.2.1.10) allow no other DNS name. They leave IP addresses
/// open, since BoringSSL knows no constraints on those and would refuse the certificate.
///
/// The CA is never replaced: clients trust it. What is damaged is an error that says what to do. The server's
/// certificate is replaced whenever it nears its end or does not fit.
public struct LocalCertificateAuthority: Sendable {
    /// How long the CA lasts.
    static let life: Duration = .seconds(3_653 * 86_400)
    /// How long a server certificate lasts, and how long before its end it is replaced.
    static let serverLife: Duration = .seconds(90 * 86_400)
    static let renewal: Duration = .seconds(30 * 86_400)

    private let folder: String
    private let names: [String]
    private let addresses: [SocketAddress]

    /// - Parameters:
    ///   - folder: where the files are, made at need; the folder above it has to be there.
    ///   - hosts: further hosts to serve: names below `localhost`, or loopback addresses.
    /// - Throws: ``TransportError`` with the code `local_ca_host_refused` for any other host.
    public init(folder: String, hosts: [String] = []) throws(TransportError) {
        var names = ["localhost"]
        var addresses = ["127.0.0.1", "::1"].compactMap { try? SocketAddress(ipAddress: $0, port: 0) }
        for host in hosts.map({ $0.lowercased() }) {
            if isLoopbackHost(host), let address = try? SocketAddress(ipAddress: host, port: 0) {
                if !addresses.contains(address) { addresses.append(address) }
            } else if host == "localhost" || host.hasSuffix(".localhost") && Self.isName(host) {
                if !names.contains(host) { names.append(host) }
            } else {
                throw TransportError(
                    .localCAHostRefused,
                    "the local CA is for localhost only, not for \(host); set tls.certificate and tls.key")
            }
        }
        self.folder = folder
        self.names = names
        self.addresses = addresses
    }

    /// The certificate that clients trust, as for `curl --cacert`.
    public var caFile: String { folder + "/ca.pem" }
    var caKeyFile: String { folder + "/ca-key.pem" }
    var serverFile: String { folder + "/server.pem" }
    var serverKeyFile: String { folder + "/server-key.pem" }

    /// What ``prepare(now:)`` did.
    struct Outcome: Equatable {
        /// The CA is new.
        var madeAuthority = false
        /// The server's certificate is new.
        var issued = false
    }

    /// Makes what is missing and renews what nears its end.
    ///
    /// - Throws: ``TransportError`` where the folder cannot be written, or the CA is damaged or at its end.
    func prepare(now: Timestamp) throws(TransportError) -> Outcome {
        var outcome = Outcome()
        try PrivateFile.makeFolder(folder)
        let authority: Authority
        switch (PrivateFile.exists(caFile), PrivateFile.exists(caKeyFile)) {
        case (true, true):
            authority = try load(now: now)
        case (true, false):
            throw damaged("\(caKeyFile) is missing")
        case (false, let hasKey):
            // Nothing was issued yet, so nobody trusts this CA: a first start that did not come to its end.
            guard !PrivateFile.exists(serverFile) else { throw damaged("\(caFile) is missing") }
            authority = try make(key: hasKey ? try loadKey() : nil, now: now)
            outcome.madeAuthority = true
        }
        if try !isServerFit(authority: authority, now: now) {
            try issue(authority: authority, now: now)
            outcome.issued = true
        }
        return outcome
    }

    // MARK: The CA

    private struct Authority {
        let key: Certificate.PrivateKey
        let certificate: Certificate
        var notAfter: Timestamp { Timestamp(certificate.notValidAfter) }
    }

    private func make(key: Certificate.PrivateKey?, now: Timestamp) throws(TransportError) -> Authority {
        let key = key ?? Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try sign {
            let name = try DistinguishedName {
                OrganizationName("Martlet")
                CommonName("Martlet local CA \(Self.label())")
            }
            return try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: Date(now - .seconds(3_600)), notValidAfter: Date(now + Self.life),
                issuer: name, subject: name,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                    Critical(NameConstraints(permittedDNSDomains: ["localhost"]))
                },
                issuerPrivateKey: key)
        }
        // The key first: with it, a start that is cut short here can be taken up again.
        try PrivateFile.write(try pem(key), to: caKeyFile, mode: 0o600)
        try PrivateFile.write(try pem(certificate), to: caFile, mode: 0o644)
        return Authority(key: key, certificate: certificate)
    }

    private func load(now: Timestamp) throws(TransportError) -> Authority {
        let bytes = try PrivateFile.read(caFile, orThrow: .localCADamaged, as: "the local CA's certificate")
        guard let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)) else {
            throw damaged("\(caFile) is not a certificate in PEM")
        }
        let key = try loadKey()
        guard key.publicKey == certificate.publicKey else {
            throw damaged("\(caKeyFile) does not belong to \(caFile)")
        }
        let authority = Authority(key: key, certificate: certificate)
        guard authority.notAfter > now else {
            throw TransportError(
                .localCAExpired,
                "the local CA ended at \(authority.notAfter); remove \(folder), start again, and trust the new ca.pem")
        }
        return authority
    }

    private func loadKey() throws(TransportError) -> Certificate.PrivateKey {
        let bytes = try PrivateFile.read(caKeyFile, orThrow: .localCADamaged, as: "the local CA's key")
        guard let key = try? Certificate.PrivateKey(pemEncoded: String(decoding: bytes, as: UTF8.self)) else {
            throw damaged("\(caKeyFile) is not a private key in PEM")
        }
        return key
    }

    private func damaged(_ what: String) -> TransportError {
        TransportError(
            .localCADamaged,
            "the local CA is damaged: \(what); put the file back, or remove \(folder) and trust the new ca.pem")
    }

    // MARK: The server's certificate

    private func isServerFit(authority: Authority, now: Timestamp) throws(TransportError) -> Bool {
        guard PrivateFile.exists(serverFile), PrivateFile.exists(serverKeyFile) else { return false }
        let text = String(
            decoding: try PrivateFile.read(serverFile, orThrow: .folderUnusable, as: "the certificate"), as: UTF8.self)
        let keyText = String(
            decoding: try PrivateFile.read(serverKeyFile, orThrow: .folderUnusable, as: "the key"), as: UTF8.self)
        guard let certificate = try? Certificate(pemEncoded: text),
            let key = try? Certificate.PrivateKey(pemEncoded: keyText),
            let alternatives = try? certificate.extensions.subjectAlternativeNames
        else { return false }
        let end = Timestamp(certificate.notValidAfter)
        // Near the CA's own end a new certificate would not last longer.
        return key.publicKey == certificate.publicKey
            && authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
            && Set(alternatives) == Set(self.alternatives)
            && Timestamp(certificate.notValidBefore) <= now
            && (end - Self.renewal > now || end >= authority.notAfter && end > now)
    }

    private var alternatives: [GeneralName] {
        names.map { .dnsName($0) } + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0.ipBytes[...])) }
    }

    private func issue(authority: Authority, now: Timestamp) throws(TransportError) {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try sign {
            try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: Date(now - .seconds(3_600)),
                notValidAfter: Date(min(now + Self.serverLife, authority.notAfter)),
                issuer: authority.certificate.subject,
                subject: try DistinguishedName { CommonName("localhost") },
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(alternatives)
                    SubjectKeyIdentifier(hash: key.publicKey)
                    AuthorityKeyIdentifier(
                        keyIdentifier: SubjectKeyIdentifier(hash: authority.key.publicKey).keyIdentifier)
                },
                issuerPrivateKey: authority.key)
        }
        // A crash in between leaves a pair that does not match, which is issued anew.
        try PrivateFile.write(try pem(key), to: serverKeyFile, mode: 0o600)
        try PrivateFile.write(try pem(certificate), to: serverFile, mode: 0o644)
    }

    // MARK: Encoding

    private func sign(_ body: () throws -> Certificate) throws(TransportError) -> Certificate {
        do {
            return try body()
        } catch {
            throw TransportError(.folderUnusable, "a certificate of the local CA cannot be made: \(error)")
        }
    }

    private func pem(_ key: Certificate.PrivateKey) throws(TransportError) -> String {
        do {
            return try key.serializeAsPEM().pemString + "\n"
        } catch {
            // The error is left out: it could show the key.
            throw TransportError(.folderUnusable, "the local CA's key cannot be encoded")
        }
    }

    private func pem(_ certificate: Certificate) throws(TransportError) -> String {
        do {
            return try certificate.serializeAsPEM().pemString + "\n"
        } catch {
            throw TransportError(.folderUnusable, "a certificate of the local CA cannot be encoded: \(error)")
        }
    }

    /// Tells the CAs of several data folders apart in a list of trusted ones.
    private static func label() -> String {
        String(UInt32.random(in: .min ... .max), radix: 36)
    }

    private static func isName(_ host: String) -> Bool {
        host.utf8.count <= 253
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                    }
            }
    }
}

extension Timestamp {
    fileprivate init(_ date: Date) {
        self.init(seconds: Int64(date.timeIntervalSince1970))
    }
}

extension Date {
    fileprivate init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.seconds))
    }
}
