#if os(Linux)

import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// A disk that takes no more, and one that takes nothing.
@Suite(.enabled(if: SmallDisk.isPossible, SmallDisk.explanation), .timeLimit(.minutes(10)))
struct LifecycleDiskTests {
    let folder: TemporaryFolder
    let martlet: Martlet
    let disk: SmallDisk
    let data: String

    init() async throws {
        folder = try TemporaryFolder()
        disk = try SmallDisk()
        data = "\(disk.path)/martlet-data"
        martlet = Martlet(in: folder)
        let outcome = try await martlet.run(
            "user", "add", "ada", "--password-stdin", "--data", data, input: "\(Martlet.password)\n")
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func aReadOnlyDataFolderIsRefusedAndLeftAsItIs() async throws {
        let server = try await MartletProcess(in: folder, data: data)
        let grant = try await WebClient(server).signIn("ada")
        #expect(await server.stop() == 0)

        try disk.makeReadOnly()
        for path in [data, "\(disk.path)/new"] {
            let failure = try #require(
                await #expect(throws: MartletProcess.Failure.self) {
                    try await MartletProcess(in: folder, data: path)
                })
            #expect(failure.status == 1)
            #expect(failure.errors.contains(path), "\(failure)")
            #expect(failure.errors.localizedCaseInsensitiveContains("read-only file system"), "\(failure)")
        }
        try disk.makeReadOnly(false)

        #expect(try DatabaseFile.integrity(ofFolder: data) == ["ok"])
        let again = try await MartletProcess(in: folder, data: data, listen: "localhost:\(server.port)")
        let renewed = try await WebClient(again).renew(grant.refresh)
        #expect(renewed.session.id == grant.session.id)
        #expect(await again.stop() == 0)
    }

    @Test func aCommandSaysThatTheDiskIsFull() async throws {
        let arguments = ["user", "add", "grace", "--password-stdin", "--data", data]
        try disk.fill()
        let refused = try await martlet.run(arguments, input: "\(Martlet.password)\n")
        #expect(refused.status == 1)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.contains("the disk is full: "), "\(refused.errors)")

        try disk.makeRoom()
        let added = try await martlet.run(arguments, input: "\(Martlet.password)\n")
        #expect(added.status == 0, "\(added.errors)")
    }

    @Test func aFullDiskCostsNobodyTheSession() async throws {
        let server = try await MartletProcess(in: folder, data: data)
        let web = try WebClient(server)
        let grant = try await web.signIn("ada")
        try disk.fill()

        // The log of the database has some room of its own, which a few sign-ins use up.
        var refusal: WebClient.Answer?
        try await eventually("a sign-in is refused", every: .zero) {
            let answer = try await web.trySignIn("ada")
            if answer.status != 201 { refusal = answer }
            return refusal != nil
        }
        let answer = try #require(refusal)
        #expect(answer.status == 503)
        #expect(answer.code == "storage_unavailable")
        #expect(try answer.json["next"] == "retry")
        #expect(answer.header("retry-after") != nil)
        // A renewal may still fit in or not; it is never a sign-out.
        let renewal = try await web.tryRenew(grant.refresh)
        #expect([200, 503].contains(renewal.status), "\(renewal.text)")
        // What only reads goes on.
        #expect(try await web.me(grant.accessToken.token).status == 200)

        try disk.makeRoom()
        try await eventually("sign-ins are taken again") { try await web.trySignIn("ada").status == 201 }
        let renewed = try await web.renew(grant.refresh)
        #expect(renewed.session.id == grant.session.id)
        #expect(try await web.me(renewed.accessToken.token).status == 200)
        #expect(await server.stop() == 0)
        #expect(try DatabaseFile.integrity(ofFolder: data) == ["ok"])
    }
}

#endif
