import MartletJOSE
import Testing

struct JSONTests {
    @Test(
        arguments: [
            ("null", nil), ("true", true), (" false\n", false), ("0", 0), ("-0", 0), ("12", 12), ("-12", -12),
            ("9223372036854775807", .number(JSONNumber(.max))), ("-9223372036854775808", .number(JSONNumber(.min))),
            ("1.5", 1.5), ("-1.5e2", -150), ("1E3", 1000), ("1e+3", 1000), ("25e-1", 2.5), ("1.0", 1), ("0.0", 0),
            ("9223372036854775808", 9.223372036854775808e18), ("0e-400", 0),
            ("123456789012345678901234567890", 1.2345678901234568e29),
            (#""""#, ""), (#""é😀""#, "é😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u00e9\uD83D\ude00\u0000""#, "é😀\0"),
            (#""\ud83d\ude00""#, "😀"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
            ("\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\"", "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}"),
            ("[]", []), ("[ ]", []), ("{}", [:]), ("{ }", [:]), ("[1,[2],{}]", [1, [2], [:]]),
            (" { \"a\" : 1 , \"b\" : [ null , \"x\" ] } ", ["a": 1, "b": [nil, "x"]]), (#"{"":0}"#, ["": 0]),
            (#"{"\u0061":1}"#, ["a": 1]),
        ] as [(String, JSONValue)])
    func accepted(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text.utf8) == value)
        #expect(try JSONValue(parsing: value.serialized()) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "00", "1.", ".5", "1e", "1e+",
        "1.e3", "0x10",
        "1 2", "1,", "1e999", "-1e999", "1e-400", "-0.01e-999", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{",
        "}", "{\"a\"}", "{\"a\":}",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{'a':1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "[}", "{]",
        "\"", "\"a", "\"\\\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\U1234\"", "'a'", "\"\t\"", "\"\n\"",
        "\"\u{0}\"",
        "\"\u{1F}\"", "null null", "{}x", "//x\n1", "/**/1", "\u{FEFF}1", "\u{A0}1", "\u{C}1", "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud800\\u0041\"", "\"\\ud800",
        "\"\\ud800\\u\"",
    ])
    func malformed(text: String) {
        #expect(throws: JOSEError(.malformed, "")) { try JSONValue(parsing: text.utf8) }
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#,
        #"{"x":{"a":1,"a":2}}"#,
        #"[{"a":null,"a":null}]"#, #"{"":1,"":2}"#, "{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"K\":1,\"\u{212A}\":2}",
    ])
    func duplicateMembers(text: String) {
        let error = joseError { _ = try JSONValue(parsing: text.utf8) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("names are unique") == true)
    }

    /// More in a row than any language has take the standard library too long to compare: of class 230, of several
    /// classes, of class 0 that decompose into others, and with an escape.
    @Test(arguments: [["\u{301}"], ["\u{301}", "\u{327}"], ["\u{F73}"], ["\\u0301"]])
    func combiningMarks(marks: [String]) throws {
        func run(_ count: Int) -> String { (0..<count).map { marks[$0 % marks.count] }.joined() }
        for text in [#""a\#(run(30))b""#, #"{"a\#(run(30))":0}"#, #"["a\#(run(30))e\#(run(30))"]"#] {
            _ = try JSONValue(parsing: text.utf8)
        }
        for text in [#""a\#(run(31))b""#, #"{"a\#(run(31))":0}"#, #"["\#(run(31))"]"#, #""\#(run(30_000))""#] {
            let error = joseError { _ = try JSONValue(parsing: text.utf8) }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("at most 30 combining marks") == true)
        }
    }

    @Test(arguments: [1, 15, 16, 17, 18, 40])
    func duplicatesAreFoundAmongManyMembers(count: Int) {
        for repeated in [0, count / 2, count - 1] {
            let members = (0..<count).map { "\"n\($0)\":\($0)" } + ["\"n\(repeated)\":0"]
            let text = "{\(members.joined(separator: ","))}"
            #expect(throws: JOSEError(.malformed, "")) { try JSONValue(parsing: text.utf8) }
        }
    }

    /// Overlong, surrogate, beyond the last code point, cut off, and stray bytes (Unicode, table 3-7).
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE1, 0x80],
            [0xE1, 0x80, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF1, 0x80, 0x80], [0xF1, 0x80, 0x80, 0x41],
            [0xF5, 0x80, 0x80, 0x80],
            [0xFE], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        for padding in 0...19 {
            let plain = [UInt8](repeating: UInt8(ascii: padding.isMultiple(of: 2) ? "b" : "a"), count: padding)
            let quote = [UInt8(ascii: "\"")]
            #expect(throws: JOSEError(.malformed, "")) { try JSONValue(parsing: quote + plain + bytes + quote) }
            #expect(throws: JOSEError(.malformed, "")) { try JSONValue(parsing: quote + plain + bytes) }
            #expect(throws: JOSEError(.malformed, "")) { try JSONValue(parsing: bytes + quote + plain + quote) }
        }
    }

    @Test func everyByteWithinAString() {
        // Among odd and even bytes, which the scan of eight bytes at a time must tell apart from special ones.
        for (byte, filling) in (UInt8.min ... .max).flatMap({ byte in "bc 0~\u{7F}!".utf8.map { (byte, $0) } }) {
            for position in 0..<20 {
                let quote = [UInt8(ascii: "\"")]
                var text = quote + [UInt8](repeating: filling, count: 20) + quote
                text[position + 1] = byte
                let isPlain = byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                // A quote ends the string early; a backslash escapes what needs none, but may stand before a `b`, and in
                // the last place escapes the closing quote.
                let isEscape = byte == UInt8(ascii: "\\") && filling == UInt8(ascii: "b") && position < 19
                let isAccepted = (try? JSONValue(parsing: text)) != nil
                if isAccepted != (isPlain || isEscape) {
                    Issue.record("\(text)")
                }
            }
        }
    }

    @Test func limits() throws {
        let limits = JSONLimits(maximumBytes: 20, maximumDepth: 2, maximumMembers: 4)
        func code(_ text: String) -> JOSEError.Code? {
            joseError { _ = try JSONValue(parsing: text.utf8, limits: limits) }?.code
        }
        #expect(code("[[]]") == nil)
        #expect(code("[[[]]]") == .tooLarge)
        #expect(code(#"{"a":{"b":[]}}"#) == .tooLarge)
        #expect(code("[1,2,3,4]") == nil)
        #expect(code("[1,2,3,4,5]") == .tooLarge)
        #expect(code("[[1,2],[3]]") == .tooLarge)
        #expect(code(String(repeating: " ", count: 19) + "1") == nil)
        #expect(code(String(repeating: " ", count: 20) + "1") == .tooLarge)
    }

    @Test func deepNestingIsRefusedWhateverTheLimit() {
        for depth in [33, 100_000] {
            for text in [String(repeating: "[", count: depth), String(repeating: "{\"a\":", count: depth)] {
                #expect(throws: JOSEError(.tooLarge, "")) { try JSONValue(parsing: text.utf8) }
                let limits = JSONLimits(maximumDepth: .max, maximumMembers: .max)
                #expect(throws: JOSEError.self) { try JSONValue(parsing: text.utf8, limits: limits) }
            }
        }
    }

    @Test(arguments: [
        ("[1 2]", "Byte 3: expected , or ]."), (#"{"a" 1}"#, "Byte 5: expected :."), ("tru", "Byte 3: expected true."),
        ("1x", "Byte 1: expected the end of the JSON text."),
    ])
    func theErrorSaysWhereAndWhatWouldBeRight(text: String, message: String) {
        #expect(joseError { _ = try JSONValue(parsing: text.utf8) }?.message == message)
    }

    @Test func numbersTellIntegersFromOthers() throws {
        #expect(try JSONValue(parsing: Array("9007199254740993".utf8)).integer == 9_007_199_254_740_993)
        #expect(try JSONValue(parsing: Array("1.5".utf8)).integer == nil)
        #expect(try JSONValue(parsing: Array("1.5".utf8)).number?.double == 1.5)
        #expect(JSONNumber(.infinity) == nil)
        #expect(JSONNumber(.nan) == nil)
        #expect(JSONNumber(2.0)?.integer == 2)
        #expect(JSONNumber(1e300)?.integer == nil)
    }

    @Test func objectsAreUnorderedAndNamesExact() {
        let object: JSONObject = ["a": 1, "b": 2]
        #expect(object == ["b": 2, "a": 1])
        #expect(object.hashValue == (["b": 2, "a": 1] as JSONObject).hashValue)
        #expect(object != ["a": 1])
        #expect((["K": 1] as JSONObject)["\u{212A}"] == nil)
        #expect(object.members.map(\.name) == ["a", "b"])
    }

    @Test func membersAreSetAndRemoved() {
        var object = JSONObject()
        for number in 0..<40 {
            object["n\(number)"] = .number(JSONNumber(Int64(number)))
        }
        for number in stride(from: 0, to: 40, by: 2) {
            object["n\(number)"] = nil
        }
        object["n1"] = "one"
        object["absent"] = nil
        #expect(object.count == 20)
        #expect(object["n1"] == "one")
        #expect(object["n2"] == nil)
        #expect(object["n39"] == 39)
    }

    @Test func accessorsGiveOnlyTheirOwnType() {
        let values: [JSONValue] = [nil, true, 1, "s", [1], ["a": 1]]
        #expect(values.map(\.isNull) == [true, false, false, false, false, false])
        #expect(values.map(\.bool) == [nil, true, nil, nil, nil, nil])
        #expect(values.map(\.integer) == [nil, nil, 1, nil, nil, nil])
        #expect(values.map(\.string) == [nil, nil, nil, "s", nil, nil])
        #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
        #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, 1])
        #expect((["a", "b"] as JSONValue).strings == ["a", "b"])
        #expect((["a", 1] as JSONValue).strings == nil)
    }
}

struct JSONWriterTests {
    @Test func commasStandBetweenValuesOnly() {
        var writer = JSONWriter()
        writer.object {
            $0.member("text", "x")
            $0.member("count", 3)
            $0.member("yes", true)
            $0.member("list", ["a", "b"])
            $0.member("empty") { $0.array { _ in } }
            $0.member("nested") {
                $0.object {
                    $0.member("null") { $0.null() }
                    $0.member("value", ["k": [1, 2.5]] as JSONValue)
                }
            }
            $0.member("last", -1)
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"text":"x","count":3,"yes":true,"list":["a","b"],"empty":[],"nested":{"null":null,"value":{"k":[1,2.5]}},"last":-1}"#
        )
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("", #""""#), ("\"", #""\"""#), ("\\", #""\\""#), ("a\"b\\c\nd", #""a\"b\\c\nd""#),
        ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""), ("é😀", "\"é😀\""),
        ("0123456789\"0123456789", #""0123456789\"0123456789""#),
    ])
    func strings(text: String, json: String) throws {
        var writer = JSONWriter()
        writer.value(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == json)
        #expect(try JSONValue(parsing: writer.bytes) == .string(text))
    }

    /// Text is looked at eight bytes at a time: each length, with each kind of byte at each place.
    @Test func everyOffsetOfWhatIsNotPlain() throws {
        for count in 0..<36 {
            let plain = "abcdefghijklmnopqrstuvwxyz0123456789".utf8.prefix(count)
            for (special, json) in [("\"", #"\""#), ("\\", #"\\"#), ("\n", #"\n"#), ("\u{1}", #"\u0001"#), ("é", "é")] {
                for position in 0...count {
                    let (head, tail) = (String(plain.prefix(position))!, String(plain.dropFirst(position))!)
                    var writer = JSONWriter()
                    writer.value(head + special + tail)
                    #expect(String(decoding: writer.bytes, as: UTF8.self) == "\"" + head + json + tail + "\"")
                    #expect(try JSONValue(parsing: writer.bytes) == .string(head + special + tail))
                }
            }
        }
    }

    @Test(arguments: [
        Int64.min, -1_000_000, -10, -9, -1, 0, 1, 9, 10, 11, 99, 100, 101, 999_999_999, 1_000_000_000, 1_767_225_600,
        999_999_999_999_999_999, 1_000_000_000_000_000_000, .max,
    ])
    func integers(value: Int64) {
        var writer = JSONWriter()
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == String(value))
    }

    @Test func unsignedIntegersBeyond63Bits() {
        var writer = JSONWriter()
        writer.value(UInt64.max)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "18446744073709551615")
    }

    @Test(arguments: [Double.leastNonzeroMagnitude, 1.7976931348623157e308, 0.1, -123.456, 1e21, 1e100, 1.5e-7])
    func doubles(value: Double) throws {
        let json = JSONValue.number(try #require(JSONNumber(value)))
        #expect(try JSONValue(parsing: json.serialized()) == json)
    }
}
