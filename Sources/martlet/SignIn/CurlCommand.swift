import ArgumentParser
import HTTPTypes
import MartletClient
import MartletJOSE

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct CurlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curl",
        abstract: "Send a request with the access token, which is renewed behind the scenes.",
        discussion: """
            The token goes to the server that issued it, and to no other origin unless --allow-origin names it. \
            Redirects are not followed.
            """)

    @Argument(help: ArgumentHelp("URLs, or paths on the server such as /v1/me.", valueName: "url"))
    var urls: [String]
    @Option(
        name: [.customShort("X"), .customLong("request")],
        help: ArgumentHelp("The method. (default: GET, or POST with -d)", valueName: "method"))
    var method: String?
    @Option(
        name: [.customShort("d"), .customLong("data")],
        help: ArgumentHelp("The body, or @FILE, or @- for standard input.", valueName: "data"))
    var data: String?
    @Option(
        name: [.customShort("H"), .customLong("header")],
        help: ArgumentHelp("A header field, `Name: value`; may be given several times.", valueName: "field"))
    var fields: [String] = []
    @Flag(name: [.customShort("i"), .customLong("include")], help: "Print the status and the header fields too.")
    var includesHead = false
    @Flag(name: [.customShort("f"), .customLong("fail")], help: "Exit with 1 where the status is 400 or more.")
    var failsOnError = false
    @Option(help: ArgumentHelp("An origin that may be given the token, too.", valueName: "origin"))
    var allowOrigin: [String] = []
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !urls.isEmpty else { throw ValidationError("Name at least one URL.") }
        _ = try httpMethod
        _ = try headerFields
    }

    func run() async throws {
        let method = try httpMethod
        let headerFields = try headerFields
        let body = try body
        let client = try await MartletClient.ofLogin(allowedOrigins: allowOrigin)
        var isFailure = false
        for url in urls {
            let answer: ClientResponse
            do {
                answer = try await client.request(method, url, headerFields: headerFields, body: body)
            } catch let error as MartletClientError where error.code == .originNotAllowed {
                throw CommandFailure(
                    "\(url.printable) is not on \(client.server), so it is not given the access token. If it is "
                        + "trusted, name its origin with --allow-origin.")
            }
            try show(answer, of: url)
            isFailure = isFailure || answer.status >= 400
        }
        if isFailure, failsOnError { throw ExitCode.failure }
    }

    private func show(_ answer: ClientResponse, of url: String) throws {
        guard !output.isJSON else { return try output.show("") { json(answer, of: url, to: &$0) } }
        if includesHead {
            let lines =
                ["HTTP \(answer.status)"] + answer.head.headerFields.map { "\($0.name.rawName): \($0.value)" } + [""]
            try StandardOutput.put(line: lines.joined(separator: "\n"))
        }
        try StandardOutput.put(answer.body)
        // A prompt or the next answer begins on a line of its own.
        if let last = answer.body.last, last != UInt8(ascii: "\n"), StandardOutput.isTerminal || urls.count > 1 {
            try StandardOutput.put([UInt8(ascii: "\n")])
        }
    }

    private func json(_ answer: ClientResponse, of url: String, to writer: inout JSONWriter) {
        writer.object {
            $0.member("url", url)
            $0.member("status", answer.status)
            $0.member("headers") {
                $0.array {
                    for field in answer.head.headerFields {
                        $0.object {
                            $0.member("name", field.name.rawName)
                            $0.member("value", field.value)
                        }
                    }
                }
            }
            if let text = String(validating: answer.body, as: UTF8.self) {
                $0.member("body", text)
            } else {
                $0.member("bodyBase64", Data(answer.body).base64EncodedString())
            }
        }
    }

    private var httpMethod: HTTPRequest.Method {
        get throws {
            let name = method ?? (data == nil ? "GET" : "POST")
            guard let method = HTTPRequest.Method(name) else {
                throw ValidationError("A method is a word such as GET or DELETE.")
            }
            return method
        }
    }

    private var headerFields: HTTPFields {
        get throws {
            var result = HTTPFields()
            for field in fields {
                guard let colon = field.firstIndex(of: ":"), let name = HTTPField.Name(String(field[..<colon])) else {
                    throw ValidationError("A header field is written `Name: value`.")
                }
                let value = String(field[field.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
                guard HTTPField.isValidValue(value) else {
                    throw ValidationError("The value of \(name) may not contain control characters.")
                }
                guard name != .authorization else {
                    throw ValidationError("The field Authorization is what this command is for; leave it out.")
                }
                result.append(HTTPField(name: name, value: value))
            }
            // As curl has it.
            if data != nil, result[.contentType] == nil {
                result[.contentType] = "application/x-www-form-urlencoded"
            }
            return result
        }
    }

    private var body: [UInt8] {
        get throws {
            guard let data else { return [] }
            return data.hasPrefix("@")
                ? try FileBytes.contents(of: String(data.dropFirst()), limit: 64 << 20) : Array(data.utf8)
        }
    }
}
