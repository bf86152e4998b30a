#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Why there is no text.
struct UnreadableFile: Error {
    let message: String
}

/// Reads a file that the configuration names as UTF-8.
func configurationText(at path: String) throws(UnreadableFile) -> String {
    // More than any configuration or secret needs; a path that was mistyped may lead to anything.
    let maximumBytes = 1 << 20
    guard FileManager.default.fileExists(atPath: path) else {
        throw UnreadableFile(message: "there is no file \(path).")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
        throw UnreadableFile(message: "\(path) cannot be read. It has to be a file that this user may read.")
    }
    guard data.count <= maximumBytes else {
        throw UnreadableFile(message: "\(path) is \(data.count) bytes long. At most \(maximumBytes) are read.")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
        throw UnreadableFile(message: "\(path) is not UTF-8 text.")
    }
    return text
}
