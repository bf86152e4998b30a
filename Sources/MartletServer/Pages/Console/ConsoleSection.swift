/// The pages of the console, as its navigation has them.
enum ConsoleSection: String, CaseIterable {
    case overview
    case users
    case sessions
    case clients
    case keys
    case revocations
    case events

    var path: String { self == .overview ? PagePath.console : "\(PagePath.console)/\(rawValue)" }

    func title(_ words: Words) -> String {
        switch self {
        case .overview: words.overview
        case .users: words.users
        case .sessions: words.sessions
        case .clients: words.clients
        case .keys: words.keys
        case .revocations: words.revocations
        case .events: words.events
        }
    }
}
