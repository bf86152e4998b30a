import FuzzSupport
import MartletProtocol

/// What is accepted has each name once, no NUL, and is read back the same from its own encoding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let form = try? FormParameters(parsing: input(start, count)) else { return 0 }
    let names = form.names
    require(Set(names.map { Array($0.utf8) }).count == names.count, "accepted a name twice")
    var encoded: [String] = []
    for name in names {
        let value = form[name]
        require(value?.isEmpty == false, "named a parameter without a value")
        require(value?.utf8.contains(0) == false, "accepted a NUL")
        encoded.append("\(percentEncoded(name))=\(percentEncoded(value ?? ""))")
    }
    let again = try? FormParameters(parsing: Array(encoded.joined(separator: "&").utf8))
    require(again?.names == names, "did not read back the names")
    for name in names { require(again?[name] == form[name], "did not read back a value") }
    return 0
}

private func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
    }.joined()
}
