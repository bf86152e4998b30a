import Hummingbird
import Logging
import MartletHummingbird
import MartletJOSE
import MartletVerifier

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A notes API that is protected by Martlet: whoever has an access token of the authority has notes.
@main
struct ProtectedAPI {
    static func main() async throws {
        let settings: Settings
        let verifier: Verifier
        do {
            settings = try Settings(arguments: CommandLine.arguments.dropFirst(), environment: Environment())
            var options = Verifier.Options()
            options.certificateAuthorityFile = settings.certificateAuthorityFile
            options.clockSkew = settings.clockSkew
            verifier = try Verifier(issuer: settings.issuer, audience: settings.audience, options: options)
        } catch {
            Logger(label: "ProtectedAPI").critical("\(error)")
            exit(64)
        }

        let app = Application(
            router: router(verifier: verifier),
            configuration: ApplicationConfiguration(address: .hostname(settings.host, port: settings.port)),
            services: [verifier],
            onServerRunning: { channel in
                print("ready: http://\(settings.host):\(channel.localAddress?.port ?? settings.port)")
                fflush(nil)
            }
        )
        try await app.runService()
    }

    static func router(verifier: Verifier) -> Router<BasicBearerRequestContext> {
        let notes = Notes()
        let router = Router(context: BasicBearerRequestContext.self)

        router.get { _, _ in "Notes. Sign in and ask for /notes.\n" }

        // The routes of this group need an access token, which their handlers find in the context.
        let members = router.group(verifier: verifier)
        members.get("notes") { _, context in
            await notes.list(of: context.accessToken.subject)
        }

        // A role is something that the user has.
        members.group().add(middleware: RequireRole("editor")).post("notes") { request, context in
            let text = String(buffer: try await request.body.collect(upTo: 4_096))
            await notes.add(text, by: context.accessToken.subject)
            return HTTPResponse.Status.created
        }

        // A scope is something that the client was granted.
        members.group().add(middleware: RequireScope("notes:delete")).delete("notes") { _, context in
            await notes.removeAll(of: context.accessToken.subject)
            return HTTPResponse.Status.noContent
        }

        members.group("admin").add(middleware: RequireRole("admin")).get { _, _ in
            "There are \(await notes.count) notes.\n"
        }
        return router
    }
}
