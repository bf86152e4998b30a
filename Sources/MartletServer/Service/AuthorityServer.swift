import Hummingbird
public import Logging
public import MartletCore
public import ServiceLifecycle

/// What `martlet serve` runs: the listener with every route, and the work that goes on beside it.
public struct AuthorityServer: Service {
    public let authority: Authority
    /// Where it listens, with the true port.
    public let address: ListenAddress
    private let listener: AuthorityListener
    private let responder: RouterResponder<AuthorityRequestContext>
    private let renewalRoute: RenewalRoute
    private let logger: Logger

    /// Takes the port and opens the authority. Connections wait from here on until ``run()``.
    ///
    /// The port comes first: without an issuer of its own, the authority is named by it.
    ///
    /// - Throws: `TransportError` where the address or the certificate cannot be used, `AuthorityError` where storage
    ///   or the keys in it cannot.
    public init(
        _ configuration: ServerConfiguration, storage: any Storage, masterKey: MasterKey, tls: TLSContext?,
        logger: Logger
    ) async throws {
        self.logger = logger
        listener = try await AuthorityListener(
            address: configuration.listen, tls: tls, limits: configuration.listenerLimits, logger: logger)
        address = listener.address
        authority = try await Authority(
            settings: configuration.authoritySettings(port: address.port), storage: storage, masterKey: masterKey,
            report: EventLog(logger: logger).write
        )
        let strictTransportSecurity = tls != nil && !address.isLoopback
        responder = Self.router(
            authority, configuration, strictTransportSecurity: strictTransportSecurity
        ).buildResponder()
        renewalRoute = RenewalRoute(
            authority, configuration, strictTransportSecurity: strictTransportSecurity, logger: logger)
    }

    static func router(
        _ authority: Authority, _ configuration: ServerConfiguration, strictTransportSecurity: Bool
    ) -> Router<AuthorityRequestContext> {
        router(
            routes(authority, configuration), configuration, strictTransportSecurity: strictTransportSecurity)
    }

    static func routes(
        _ authority: Authority, _ configuration: ServerConfiguration
    ) -> AuthorityRoutes<AuthorityRequestContext> {
        AuthorityRoutes(
            authority: authority, limits: RequestLimits(body: configuration.limits.bodyBytes),
            revocations: configuration.revocations)
    }

    /// Every route, and what each request goes through on its way there.
    static func router(
        _ routes: AuthorityRoutes<AuthorityRequestContext>, _ configuration: ServerConfiguration,
        strictTransportSecurity: Bool
    ) -> Router<AuthorityRequestContext> {
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: ForwardedAddress(trustedProxies: configuration.trustedProxies))
        router.add(middleware: RequestLog())
        router.add(middleware: SecurityHeaders(strictTransportSecurity: strictTransportSecurity))
        router.add(middleware: ProblemAnswers())
        routes.add(to: router)
        return router
    }

    /// Serves until it is shut down. Requests that were accepted are answered first, and events recorded.
    public func run() async throws {
        let group = ServiceGroup(
            services: [
                listener.serving(responder, directly: renewalRoute),
                ChangeWatcher(authority: authority, logger: logger),
                Upkeep(authority: authority, logger: logger),
            ],
            logger: logger
        )
        let served: Result<Void, any Error>
        do { served = .success(try await group.run()) } catch { served = .failure(error) }
        do throws(AuthorityError) {
            try await authority.events.flush()
        } catch {
            logger.error("events that could not be recorded: \(authority.events.backlog): \(error)")
        }
        try served.get()
    }
}

extension ServerConfiguration {
    var listenerLimits: ListenerLimits {
        var listener = ListenerLimits()
        listener.headerListSize = limits.headerBytes
        listener.bodySize = limits.bodyBytes
        listener.headDeadline = limits.headTimeout
        listener.bodyDeadline = limits.bodyTimeout
        listener.keepAlive = limits.idleTimeout
        listener.connections = limits.connections
        return listener
    }
}
