struct OpenAPIDocument {
    let bytes: [UInt8]
    init(issuer: String) { bytes = Array("{}".utf8) }
}
