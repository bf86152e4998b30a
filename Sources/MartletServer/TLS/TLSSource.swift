/// Where the listener's certificate comes from.
public enum TLSSource: Sendable {
    /// The CA of this data folder, made at the first start; its certificates are renewed by themselves.
    case localCA(LocalCertificateAuthority)
    /// The operator's files, in PEM: the certificate with its intermediates, leaf first, and its private key.
    case files(certificate: String, key: String)
}
