/// What a session has to live through. Shares go from 0 to 1.
struct Conditions: Sendable {
    /// Of the answers, those that never reach the client. Their requests were carried out.
    var answersLost = 0.0
    /// Of the requests, those that never reach the server.
    var requestsLost = 0.0
    /// Of the requests, those that are held on the way for 1 to 50 seconds, while the client gives up after 10.
    var requestsDelayed = 0.0
    /// Of the requests, those of which a second copy arrives within 50 seconds. Nobody waits for its answer.
    var requestsDuplicated = 0.0
    /// Of the answers, those that a client has received when its process dies, before they are stored.
    var crashesBeforeStoring = 0.0
    /// Of the answers to renewals, those right after which the server loses power.
    var powerCuts = 0.0
    /// Of the renewals, those that another one follows within 1 to 20 seconds, because the app asked for it.
    var secondRenewals = 0.0
    /// Of the devices, those with two or three tabs or processes that share the store and take a lock.
    var lockedTabs = 0.0
    /// Of the devices, those with two or three tabs or processes that share the store without a lock.
    var unlockedTabs = 0.0

    /// One tab, and nothing goes wrong.
    static let quiet = Conditions()

    /// A mixed population of devices on a network that loses this share of the answers, and fails otherwise in
    /// proportion.
    static func network(losing share: Double) -> Conditions {
        Conditions(
            answersLost: share, requestsLost: share, requestsDelayed: share / 20, requestsDuplicated: share / 20,
            crashesBeforeStoring: share / 10, powerCuts: share / 100, secondRenewals: 0.02, lockedTabs: 0.4,
            unlockedTabs: 0.1
        )
    }
}
