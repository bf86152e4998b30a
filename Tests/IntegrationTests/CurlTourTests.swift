import Foundation
import MartletJOSE
import Testing

/// The lines that the README has newcomers type, typed.
@Suite(.timeLimit(.minutes(10)))
struct CurlTourTests {
    /// The fenced `sh` blocks of a page that each follow a line `<!-- tour -->`.
    struct Tour {
        let blocks: [String]

        struct Malformed: Error {
            let line: Int
        }

        init(markdown: String) throws {
            var blocks: [String] = []
            let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() where line == "<!-- tour -->" {
                let rest = lines[(number + 1)...]
                guard rest.first == "```sh", let end = rest.firstIndex(of: "```") else {
                    throw Malformed(line: number + 1)
                }
                blocks.append(rest[rest.startIndex.advanced(by: 1)..<end].joined(separator: "\n"))
            }
            self.blocks = blocks
        }

        /// One script that stops at the first line that fails, and says which block that was in.
        func script(port: String) -> String {
            let parts = blocks.enumerated().map { number, block in
                "echo '-- block \(number + 1)' >&2\n" + block.replacing("8443", with: port)
            }
            return (["set -eu -o pipefail"] + parts).joined(separator: "\n") + "\n"
        }
    }

    private static let page = """
        Start it, in one terminal:
        ```sh
        martlet serve
        ```
        <!-- tour -->
        ```sh
        echo 'correct horse battery' | martlet user add alice --password-stdin
        ca=martlet-data/tls/ca.pem
        curl -sf --cacert $ca https://localhost:8443/v1/sessions -H 'Content-Type: application/json' \\
            -d '{"username":"alice","password":"correct horse battery"}' >answer.json
        ```
        Then use it.
        <!-- tour -->
        ```sh
        access=$(grep -o 'eyJ[^"]*' answer.json); refresh=$(grep -o 'mrt_[^"]*' answer.json)
        curl -sf --cacert $ca https://localhost:8443/v1/me -H "Authorization: Bearer $access"
        curl -sf --cacert $ca https://localhost:8443/v1/sessions/refresh -H 'Content-Type: application/json' \\
            -d "{\\"refreshToken\\":\\"$refresh\\"}"
        curl -sf --cacert $ca -X DELETE https://localhost:8443/v1/sessions/current -H "Authorization: Bearer $access"
        curl -s --cacert $ca https://localhost:8443/v1/me -H "Authorization: Bearer $access"
        ```
        """

    private static let readme: String? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try? String(contentsOf: package.appending(path: "README.md"), encoding: .utf8)
    }()

    /// Types a tour in a folder where a server runs.
    ///
    /// - Returns: what came of it, and why each of its sessions ended; nil for one that goes on.
    private func type(_ tour: Tour) async throws -> (outcome: Program.Outcome, ends: [String?]) {
        let folder = try TemporaryFolder()
        let server = try await MartletProcess(in: folder)
        let commands = URL(filePath: Martlet.path).deletingLastPathComponent().path(percentEncoded: false)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let outcome = try await Program.run(
            ["bash", folder.write("tour.sh", tour.script(port: server.port))], in: folder,
            environment: ["PATH": "\(commands):\(path)"])
        let sessions = try await Martlet(in: folder).run("session", "list", "--all", "--json").json["sessions"]?.array
        #expect(await server.stop() == 0)
        return (outcome, try #require(sessions).map { $0["ended"]?["reason"]?.string })
    }

    /// It went through, and in the end nobody is signed in and the tokens are refused.
    private func expectGoodEnd(of tour: Tour) async throws {
        let (outcome, ends) = try await type(tour)
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains(#""code":"token_revoked""#), "\(outcome.output)")
        #expect(outcome.output.contains(#""reason":"signed_out""#), "\(outcome.output)")
        #expect(!ends.isEmpty)
        #expect(ends.allSatisfy { $0 == "signed_out" })
    }

    @Test func aTourIsFoundInAPage() throws {
        let tour = try Tour(markdown: Self.page)
        #expect(tour.blocks.count == 2)
        #expect(tour.blocks[0].hasPrefix("echo 'correct"))
        #expect(!tour.script(port: "1").contains("8443"))
        #expect(throws: Tour.Malformed.self) { try Tour(markdown: "<!-- tour -->\n\n```sh\ntrue\n```") }
    }

    @Test func aTourIsTyped() async throws {
        try await expectGoodEnd(of: Tour(markdown: Self.page))
    }

    @Test func aTourThatFailsIsNoticed() async throws {
        let page = "<!-- tour -->\n```sh\ncurl -sf --cacert martlet-data/tls/ca.pem https://localhost:8443/v1/me\n```"
        let outcome = try await type(Tour(markdown: page)).outcome
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("-- block 1"))
    }

    @Test func theREADMEsTourIsTyped() async throws {
        let tour = try Tour(markdown: #require(Self.readme, "there is no README.md"))
        try #require(!tour.blocks.isEmpty, "README.md has no block after a line <!-- tour -->")
        try await expectGoodEnd(of: tour)
    }
}
