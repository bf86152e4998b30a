public import Logging

extension LoadedConfiguration {
    /// Opens the files that it names, as the server does at its start, and makes nothing: the certificate and its key,
    /// the data folder and the master key in it.
    ///
    /// - Parameter logger: hears of a certificate past its end, which stops no server.
    /// - Throws: everything that is wrong with them, in the words that the server has for it.
    public func checkFiles(logger: Logger) throws(ConfigurationError) {
        var problems: [ConfigurationProblem] = []
        do throws(TransportError) {
            if let source = configuration.certificateFiles { _ = try TLSContext(source: source, logger: logger) }
        } catch {
            // Each message names its file.
            let isOfKey = error.code == .keyUnreadable || error.code == .keyInvalid
            problems.append(
                .init(origin: origin(of: isOfKey ? "tls.key" : "tls.certificate"), message: error.message))
        }
        do throws(DataFolderError) {
            let folder = try DataFolder.found(at: configuration.data)
            if configuration.masterKey == nil { _ = try folder?.presentMasterKey() }
        } catch {
            problems.append(.init(origin: origin(of: "data"), message: error.message))
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }
}

extension ServerConfiguration {
    /// The operator's certificate and key; nil where the server speaks plain HTTP or has a certificate of the local CA.
    public var certificateFiles: TLSSource? {
        guard !plainHTTP, let certificate = tls.certificate, let key = tls.key else { return nil }
        return .files(certificate: certificate, key: key)
    }
}
