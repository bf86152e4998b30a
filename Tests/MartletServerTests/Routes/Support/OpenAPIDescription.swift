import HTTPTypes
import MartletJOSE
import MartletProtocol

@testable import MartletServer

/// The OpenAPI document, as far as answers can be held against it.
struct OpenAPIDescription: Sendable {
    static let shared = OpenAPIDescription()

    private let document: JSONValue

    private init() {
        do {
            document = try JSONValue(parsing: OpenAPIDocument.bytes)
        } catch {
            fatalError("Web/openapi.json: \(error)")
        }
    }

    /// `GET /v1/me` and so on.
    var operations: [String] {
        (document["paths"]?.object?.members ?? []).flatMap { path in
            (path.value.object?.members ?? []).map { "\($0.name.uppercased()) \(path.name)" }
        }
    }

    /// What an answer has that the document does not, or the other way about.
    func faults(of answer: Answered, to method: HTTPRequest.Method, _ path: String) -> [String] {
        // A preflight is the browser's own affair.
        if method == .options, answer.status == 204 { return [] }
        let path = String(path.prefix { $0 != "?" })
        let isHead = method == .head
        guard let operation = operation(isHead ? "get" : method.rawValue.lowercased(), path) else {
            return [404, 405].contains(answer.status) ? [] : ["there is no such operation in the document"]
        }
        guard let response = operation["responses"]?[String(answer.status)].map(resolved) else {
            return ["the status is not documented"]
        }
        var faults: [String] = []
        for header in response["headers"]?.object?.members ?? [] where header.name != "WWW-Authenticate" {
            if answer.headers[HTTPField.Name(header.name)!] == nil { faults.append("it lacks \(header.name)") }
        }
        let contents = response["content"]?.object?.members ?? []
        guard !contents.isEmpty, !isHead else {
            return answer.body.isEmpty ? faults : faults + ["it has content that is not documented"]
        }
        let type = answer.headers[.contentType] ?? ""
        guard let schema = contents.first(where: { $0.name == type })?.value["schema"] else {
            return faults + ["the type \(type) is not documented"]
        }
        if !type.hasSuffix("json") { return faults + self.faults(of: .string(answer.text), by: schema, at: "$") }
        guard let json = try? answer.json else { return faults + ["it is no JSON"] }
        return faults + self.faults(of: json, by: schema, at: "$")
    }

    private func operation(_ method: String, _ path: String) -> JSONValue? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let candidates = (document["paths"]?.object?.members ?? []).filter { candidate in
            let template = candidate.name.split(separator: "/", omittingEmptySubsequences: false)
            return template.count == segments.count
                && zip(template, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        // A path without a template wins.
        let best = candidates.first { !$0.name.contains("{") } ?? candidates.first
        return best?.value[method]
    }

    private func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.string else { return value }
        return reference.split(separator: "/").dropFirst().reduce(document) { $0[String($1)] ?? .null }
    }

    /// The keywords that the document uses, and no member that it does not name.
    func faults(of value: JSONValue, by schema: JSONValue, at place: String) -> [String] {
        let schema = resolved(schema)
        if let choices = schema["oneOf"]?.array {
            let isOne = choices.contains { faults(of: value, by: $0, at: place).isEmpty }
            return isOne ? [] : ["\(place) is none of what the document offers"]
        }
        if let constant = schema["const"], constant != value { return ["\(place) is not what it has to be"] }
        if let values = schema["enum"]?.array, !values.contains(value) { return ["\(place) is not in the enumeration"] }
        switch (schema["type"]?.string, value) {
        case ("object", .object(let object)):
            let required = schema["required"]?.strings ?? []
            var faults = required.filter { object[$0] == nil }.map { "\(place).\($0) is missing" }
            guard let properties = schema["properties"] else { return faults }
            for member in object.members {
                let place = "\(place).\(member.name)"
                if let schema = properties[member.name] {
                    faults += self.faults(of: member.value, by: schema, at: place)
                } else if schema["additionalProperties"] != true {
                    faults.append("\(place) is not documented")
                }
            }
            return faults
        case ("array", .array(let array)):
            guard let items = schema["items"] else { return [] }
            return array.enumerated().flatMap { faults(of: $1, by: items, at: "\(place)[\($0)]") }
        case ("string", .string(let text)):
            let isRight =
                switch (schema["format"]?.string, schema["pattern"]?.string) {
                case ("date-time", _): Timestamp(rfc3339: text) != nil
                case ("uuid", _): UUIDv7(text) != nil
                case (_, let pattern?): (try? Regex(pattern).wholeMatch(in: text)) != nil
                default: true
                }
            return isRight ? [] : ["\(place) is not of its format"]
        case ("integer", .number(let number)) where number.integer != nil: return []
        case ("boolean", .bool): return []
        case (let type, _): return ["\(place) is not of the type \(type ?? "none")"]
        }
    }
}
