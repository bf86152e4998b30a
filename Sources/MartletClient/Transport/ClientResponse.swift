public import HTTPTypes

/// An answer to an authorized request, whatever its status is.
public struct ClientResponse: Sendable {
    /// Status and header fields.
    public var head: HTTPResponse
    public var body: [UInt8]

    public init(head: HTTPResponse, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    /// The HTTP status code.
    public var status: Int { head.status.code }
}
