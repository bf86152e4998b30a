import MartletProtocol
import Testing

struct FormParametersTests {
    private func parse(_ text: String) throws(ProtocolError) -> FormParameters {
        try FormParameters(parsing: Array(text.utf8))
    }

    @Test func reads() throws {
        let form = try parse(
            "grant_type=refresh_token&refresh_token=mrt_a%2Bb&scope=read+write%20all&n%C3%A4me=%E2%82%AC")
        #expect(form.names == ["grant_type", "refresh_token", "scope", "näme"])
        #expect(form["grant_type"] == "refresh_token")
        #expect(form["refresh_token"] == "mrt_a+b")
        #expect(form["scope"] == "read write all")
        #expect(form["näme"] == "€")
        #expect(form["client_id"] == nil)
        #expect(try form.required("scope") == "read write all")
    }

    /// More take the standard library too long to compare.
    @Test func refusesMoreCombiningMarksInARowThanAnyLanguageHas() throws {
        let marks = String(repeating: "%CC%81", count: 30)
        #expect(try parse("a\(marks)=a\(marks)").names == ["a" + String(repeating: "\u{301}", count: 30)])
        for text in ["a=a\(marks)%CC%81", "a=\(marks)%CC%81", "\(marks)%CC%81=a"] {
            #expect(throws: ProtocolError(.malformedForm, "")) { try parse(text) }
        }
    }

    @Test func emptyIsAllowed() throws {
        #expect(try parse("").names.isEmpty)
        #expect(try parse("&&").names.isEmpty)
        #expect(try parse("a=1&&b=2&").names == ["a", "b"])
    }

    @Test func valueMayHoldEqualsSigns() throws {
        #expect(try parse("a=b=c==")["a"] == "b=c==")
    }

    /// RFC 6749 §3.1: parameters without a value count as omitted.
    @Test(arguments: ["scope", "scope=", "scope=&a=1"])
    func withoutAValueCountsAsOmitted(text: String) throws {
        let form = try parse(text)
        #expect(form["scope"] == nil)
        #expect(throws: ProtocolError(.missingParameter, name: "scope", "")) { try form.required("scope") }
    }

    @Test(arguments: [
        ("a=1&a=2", "a"), ("a=1&b=2&%61=1", "a"), ("a&a", "a"), ("a=&a=1", "a"),
        ("%C3%A4=1&a%CC%88=2", "a\u{308}"),
    ])
    func refusesDuplicates(text: String, name: String) {
        #expect(throws: ProtocolError(.duplicateParameter, name: name, "")) { try parse(text) }
    }

    @Test(arguments: [
        "a=%", "a=%4", "a=%4g", "a=%zz", "%=1", "a=%+1", "=1", "=", "a=1&=2",
        "a=%C3", "a=%FF", "a=%C0%AF", "a=%ED%A0%80", "a=%F4%90%80%80",
        "a=é", "a b=1", "a=b c", "a=\n", "a=1\r\n", "\u{7F}=1",
        "a%00=1", "a%0A=1", "%1F=1", "%7F=1", "%C2%85=1", "a=%00",
    ])
    func refusesMalformed(text: String) {
        let error = #expect(throws: ProtocolError.self) { try parse(text) }
        #expect(error?.code == .malformedForm)
    }

    @Test func errorsSayWhatWouldBeRight() {
        let duplicate = #expect(throws: ProtocolError.self) { try parse("scope=a&scope=b") }
        #expect(duplicate?.message == "The parameter scope occurs more than once.")
        let percent = #expect(throws: ProtocolError.self) { try parse("scope=%2") }
        #expect(percent?.message == "In the parameter scope a % is not followed by two hexadecimal digits.")
    }

    @Test func isBounded() throws {
        let body = Array("a=1&b=2".utf8)
        #expect(throws: ProtocolError(.tooLarge, "")) { try FormParameters(parsing: body, maximumBytes: 6) }
        #expect(throws: ProtocolError(.tooLarge, "")) { try FormParameters(parsing: body, maximumCount: 1) }
        #expect(try FormParameters(parsing: body, maximumBytes: 7, maximumCount: 2).names == ["a", "b"])
    }

    @Test func printsNoValue() throws {
        let form = try parse("password=secret")
        #expect("\(form)" == "FormParameters(password)")
        #expect(!String(reflecting: form).contains("secret"))
    }
}
