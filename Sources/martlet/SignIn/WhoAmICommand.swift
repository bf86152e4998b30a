import ArgumentParser
import HTTPTypes
import MartletClient
import MartletProtocol

struct WhoAmICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who is signed in, as the server sees it.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try await MartletClient.ofLogin()
        let answer = try await client.request(.get, "/v1/me")
        guard answer.status == 200 else {
            let problem = try? Problem(decoding: answer.body)
            throw CommandFailure(
                (problem.map { $0.detail ?? $0.title } ?? "\(client.server) answered \(answer.status).").printable)
        }
        let user = try UserDescription(decoding: answer.body)
        var table = Table()
        table.add("server", client.server)
        table.add("name", user.username)
        table.add("id", "\(user.id)")
        table.add("e-mail", user.email)
        table.add("roles", user.roles.joined(separator: ", "))
        table.add("made", user.createdAt.printable)
        try output.show(table.text) { user.write(to: &$0) }
    }
}
