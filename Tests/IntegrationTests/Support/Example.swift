import Foundation
import Testing

/// The files of the folder `Examples`, which the documentation shows: the tests run these, and no others.
enum Example {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../../Examples").standardized

    static func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    /// The text of a file, with what is only an example replaced. Each replaced text has to be there.
    static func text(_ name: String, replacing: KeyValuePairs<String, String>) throws -> String {
        var text = try String(contentsOfFile: path(name), encoding: .utf8)
        for (old, new) in replacing {
            try #require(text.contains(old), "\(name) has no \(old)")
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }
}
