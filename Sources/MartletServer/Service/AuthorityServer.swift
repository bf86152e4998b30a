import Hummingbird
public import Logging
public import MartletCore
public import ServiceLifecycle

/// What `martlet serve` runs: the listener with every route, and the work that goes on beside it.
public struct AuthorityServer: Service {
    public let authority: Authority
    /// Where it listens, with the true port.
    public let address: ListenAddress
    /// Where `/metrics` is served, with the true port; nil where it is not.
    public var managementAddress: ListenAddress? { managementListener?.address }
    private let listener: AuthorityListener
    private let managementListener: AuthorityListener?
    private let metrics = ServerMetrics()
    private let report: MetricsReport
    private let responder: RouterResponder<AuthorityRequestContext>
    private let renewalRoute: RenewalRoute
    /// Nil where detection is switched off.
    private let watcher: Watcher?
    private let carriers: [NoticeDestination.Kind: any NoticeCarrier]
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
        managementListener = try await Self.managementListener(configuration.management.listen, logger)
        let detection = configuration.detection
        let places = try detection.places.map { path throws(PlacesError) in try Places(path: path) }
        let watcher = detection.watch.isEnabled ? Watcher(detection.watch, places: places) : nil
        self.watcher = watcher
        let measurements = AuthorityMeasurements()
        let log = EventLog(logger: logger)
        let events = metrics.events
        authority = try await Authority(
            settings: configuration.authoritySettings(port: address.port), storage: storage, masterKey: masterKey,
            measurements: measurements,
            report: { event in
                events.count(event)
                log.write(event)
                watcher?.note(event)
            }
        )
        var carriers: [NoticeDestination.Kind: any NoticeCarrier] = [
            .webhook: try WebhookCarrier(authority: authority, options: configuration.webhooks)
        ]
        let mail = MailCarrier(configuration.mail, authority: authority, logger: logger)
        if let mail { carriers[.mail] = mail }
        self.carriers = carriers
        try await authority.subscribeMail(mail != nil)
        let strictTransportSecurity = tls != nil && !address.isLoopback
        let routes = Self.routes(authority, configuration)
        responder = Self.router(
            routes, configuration, strictTransportSecurity: strictTransportSecurity, metrics: metrics.requests
        ).buildResponder()
        renewalRoute = RenewalRoute(
            authority, configuration, strictTransportSecurity: strictTransportSecurity, logger: logger,
            metrics: metrics.requests)
        let measured = storage as? any MeasuredStorage
        if let measured { events.countOpening(of: measured) }
        report = MetricsReport(
            metrics: metrics, authority: authority, storage: measured, feed: routes.feed,
            connections: listener.connections)
    }

    private static func managementListener(
        _ address: ListenAddress?, _ logger: Logger
    ) async throws -> AuthorityListener? {
        guard let address else { return nil }
        var limits = ListenerLimits()
        // Who reads metrics needs few, and must not take those of the clients.
        limits.connections = 16
        do {
            return try await AuthorityListener(
                address: address, tls: nil, limits: limits, logger: logger,
                advice:
                    "choose another with management.listen (MARTLET_MANAGEMENT_LISTEN), or an empty one for no metrics")
        } catch let error as TransportError
            where error.code == .addressTaken && address == ServerConfiguration.Management().listen
        {
            // Nobody chose it: the second server on a machine starts all the same.
            logger.warning("no metrics are served: \(error)")
            return nil
        }
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
        strictTransportSecurity: Bool, metrics: RequestMetrics = RequestMetrics()
    ) -> Router<AuthorityRequestContext> {
        let router = Router(context: AuthorityRequestContext.self)
        router.add(middleware: ForwardedAddress(trustedProxies: configuration.trustedProxies))
        router.add(middleware: RequestMeasurement(metrics: metrics))
        router.add(middleware: RequestLog())
        router.add(middleware: SecurityHeaders(strictTransportSecurity: strictTransportSecurity))
        router.add(middleware: PageErrors())
        router.add(middleware: ProblemAnswers())
        routes.add(to: router)
        PageRoutes<AuthorityRequestContext>(
            authority: routes.authority, limits: routes.limits, figures: routes.figures
        ).add(to: router)
        return router
    }

    /// Serves until it is shut down. Requests that were accepted are answered first, and events recorded.
    public func run() async throws {
        var services: [any Service] = [
            listener.serving(responder, directly: renewalRoute),
            ChangeWatcher(authority: authority, logger: logger, storageAnswers: metrics.storageAnswers),
            Upkeep(authority: authority, logger: logger),
        ]
        // These stop after the listener, so that they have seen what the last requests did.
        if let watcher {
            services.insert(WatchService(watcher: watcher, authority: authority, logger: logger), at: 0)
        }
        services.insert(
            Courier(authority: authority, carriers: carriers, logger: logger, metrics: metrics.notices), at: 0)
        if let managementListener {
            // The first to start is the last to stop, so that the end can be watched, too.
            services.insert(managementListener.serving(MetricsRoute.router(report).buildResponder()), at: 0)
        }
        let group = ServiceGroup(services: services, logger: logger)
        let served = await Result(catching: { try await group.run() })
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
