import CWebAssets

/// The description of the HTTP interface: `Web/openapi.json`, as it is embedded in the binary.
enum OpenAPIDocument {
    static var bytes: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: martlet_openapi_json, count: martlet_openapi_json_length))
    }
}
