import MartletCore
import MartletProtocol

/// What a server counts while it runs. Fixed: each thing that is counted has a counter of its own, by name, so that
/// nothing is looked up on the way of a request.
struct ServerMetrics: Sendable {
    let events = EventMetrics()
    let requests = RequestMetrics()
    let notices = NoticeMetrics()
    /// 1 while storage answers.
    let storageAnswers = Gauge(1)
    let startedAt = Clock.system.now
}

/// Everything that `/metrics` tells, read at the time of asking.
struct MetricsReport: Sendable {
    let metrics: ServerMetrics
    let authority: Authority
    /// nil where it does not measure itself.
    let storage: (any MeasuredStorage)?
    let feed: RevocationFeed
    let connections: Connections

    var text: String {
        var text = MetricsText()
        metrics.events.write(to: &text)
        metrics.requests.write(to: &text)
        metrics.notices.write(to: &text)
        writeEngine(to: &text)
        writeStorage(to: &text)
        writeRevocations(to: &text)
        writeKeys(to: &text)
        writeProcess(to: &text)
        return text.text
    }

    private func writeEngine(to text: inout MetricsText) {
        let engine = authority.measurements
        text.histogram(
            "martlet_renewal_duration_seconds", "From a presented refresh token to the answer, within the engine.",
            engine.renewals)
        text.histogram(
            "martlet_sign_in_duration_seconds", "From a name and a password to the answer, within the engine.",
            engine.signIns)
        text.histogram(
            "martlet_password_hash_wait_seconds", "How long passwords waited for a thread to be hashed on.",
            engine.hashWaits)
        text.histogram(
            "martlet_password_hash_duration_seconds", "How long hashing a password took.", engine.hashes)
        text.gauge(
            "martlet_password_hashes_pending", "Passwords that are being hashed, or wait for it.",
            engine.hashesPending.value)
        text.gauge(
            "martlet_password_hashes_limit", "How many may be pending: passwords.threads and passwords.queue.",
            authority.settings.passwordThreads + authority.settings.passwordQueue)
        text.counter(
            "martlet_password_hashes_refused_total", "Passwords that found the queue full, and were told to come back.",
            engine.hashesRefused.value)
        text.gauge(
            "martlet_event_backlog", "Events that were reported and are not yet kept.", authority.events.backlog)
        text.counter(
            "martlet_events_dropped_total", "Events that had to be dropped, since too many waited.",
            engine.eventsDropped.value)
    }

    private func writeStorage(to text: inout MetricsText) {
        text.gauge(
            "martlet_storage_up", "1 while storage answers, else 0; it is asked ten times a second.",
            metrics.storageAnswers.value)
        guard let storage else { return }
        let measurements = storage.measurements
        text.gauge(
            "martlet_storage_waiting_presentations", "Presented tokens that wait for their transaction.",
            storage.waitingPresentations)
        text.begin(
            .histogram, "martlet_storage_wait_seconds",
            "How long presented tokens and other writes waited for their "
                + "transaction.")
        text.samples(["kind": "presentation"], measurements.presentationWaits.reading)
        text.samples(["kind": "write"], measurements.writeWaits.reading)
        text.begin(
            .histogram, "martlet_storage_commit_duration_seconds",
            "How long transactions took, with their commit. Tokens that are presented together share one.")
        text.samples(["kind": "presentation"], measurements.presentationCommits.reading)
        text.samples(["kind": "write"], measurements.writeCommits.reading)
    }

    private func writeRevocations(to text: inout MetricsText) {
        text.gauge("martlet_denylist_entries", "Entries of the denylist.", authority.revocations.count)
        text.gauge(
            "martlet_revocation_feed_subscribers", "Streams of revocations that are open.", feed.openStreams)
        text.gauge(
            "martlet_revocation_feed_lag_entries", "How many entries the slowest open stream has not been sent yet.",
            feed.lag)
        text.histogram(
            "martlet_revocation_feed_delivery_seconds",
            "From when the server knew of a revocation until a stream had taken it.", feed.deliveries)
    }

    private func writeKeys(to text: inout MetricsText) {
        let now = authority.clock.now
        text.begin(.gauge, "martlet_key_age_seconds", "How long the key in use has been in use.")
        for kind in KeyRecord.Kind.allCases {
            guard let key = authority.keys.schedule(of: kind).active(at: now) else { continue }
            text.sample(["kind": kind.rawValue], max(.zero, now - key.activeAt) / .seconds(1))
        }
        text.gauge(
            "martlet_key_rotation_age_seconds", "The age at which a key is followed by a new one.",
            authority.settings.keys.rotateAfter / .seconds(1))
    }

    private func writeProcess(to text: inout MetricsText) {
        text.gauge("martlet_http_connections", "Connections that are open on the main listener.", connections.count)
        text.gauge("martlet_http_connections_limit", "How many may be open at once.", connections.limit)
        text.gauge(
            "process_start_time_seconds", "When the server started, in seconds since 1970.",
            Double(metrics.startedAt.milliseconds) / 1_000)
        if let cpu = ProcessFigures.cpuSeconds {
            text.begin(.counter, "process_cpu_seconds_total", "CPU time of the process.")
            text.sample([:], cpu)
        }
        if let bytes = ProcessFigures.residentBytes {
            text.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", bytes)
        }
        if let files = ProcessFigures.openFiles {
            text.gauge("process_open_fds", "Files and sockets that the process has open.", files)
        }
    }
}
