import HTTPTypes
import Hummingbird
import MartletCore

extension Request {
    /// Where the request came from, as sessions and events keep it.
    func presenter(_ context: some ClientAddressContext) -> Presenter {
        Presenter(address: context.clientAddress, userAgent: headers.keptUserAgent)
    }
}

extension HTTPFields {
    /// The `User-Agent`, cut to 256 bytes of visible ASCII.
    var keptUserAgent: String {
        guard let field = self[.userAgent] else { return "" }
        // As nearly all are.
        if field.utf8.count <= 256, field.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return field }
        return String(decoding: field.utf8.lazy.filter { (0x20...0x7E).contains($0) }.prefix(256), as: UTF8.self)
    }
}
