import FoundationEssentials
import FuzzSupport
import MartletJOSE

/// What is accepted is valid UTF-8, is written and read back as the same value in a settled form, and is accepted by
/// Foundation as well. (Not the other way round: Foundation is more lenient.)
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    guard let value = try? JSONValue(parsing: bytes) else {
        return 0
    }
    require(String(validating: bytes, as: UTF8.self) != nil, "accepted invalid UTF-8")
    let text = value.serialized()
    let again = try? JSONValue(parsing: text)
    require(again == value, "did not read back what was written")
    require(again?.serialized() == text, "wrote the same value in two ways")
    do {
        _ = try JSONDecoder().decode(Anything.self, from: Data(bytes))
    } catch {
        fatalError("Foundation refuses it: \(error)")
    }
    return 0
}

/// Any JSON value, looked at down to its leaves.
private struct Anything: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Name.self) {
            for name in object.allKeys {
                _ = try object.decode(Anything.self, forKey: name)
            }
            return
        }
        if var array = try? decoder.unkeyedContainer() {
            while !array.isAtEnd {
                _ = try array.decode(Anything.self)
            }
            return
        }
        // Anything else is a leaf. Numbers are not decoded: Foundation refuses some that RFC 8259 allows, as `0e9`.
        _ = try decoder.singleValueContainer()
    }
}
