import Hummingbird
import MartletCore
import MartletProtocol

/// `martlet.js` for web pages, its types, and where its present version is.
extension AuthorityRoutes {
    var webModuleRoutes: [Route<Context>] {
        let module = WebModule.shared
        let scriptType = "text/javascript; charset=utf-8"
        return [
            Route(.get, WebModule.stablePath) { request, _ in
                .published(module.script, type: scriptType, maxAge: 300, for: request)
            },
            Route(.get, "/martlet/{version}/martlet.js") { request, context in
                guard context.parameters.get("version") == module.version else {
                    throw AuthorityError(
                        .notFound, message: "This server has another version of martlet.js: /martlet.json names it.")
                }
                return .published(module.script, type: scriptType, for: request, cacheControl: Response.immutable)
            },
            Route(.get, "/martlet.json") { request, _ in
                .published(module.manifest, type: "application/json", maxAge: 300, for: request)
            },
            Route(.get, "/martlet.d.ts") { request, _ in
                .published(module.types, type: "text/plain; charset=utf-8", maxAge: 300, for: request)
            },
        ]
    }
}
