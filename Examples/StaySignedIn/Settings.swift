/// What the program was told by its arguments.
struct Settings {
    var server = ""
    var api = ""
    var user = ""
    var ca: String?
    var store = ""
    var calls = 20

    static let usage = """
        usage: StaySignedIn --server URL --api URL --user NAME --store FILE [--ca FILE] [--calls N]

        The password is read from standard input.
        """

    init?(arguments: some Collection<String>) {
        var rest = arguments.makeIterator()
        while let name = rest.next() {
            guard let value = rest.next() else { return nil }
            switch name {
            case "--server": server = value
            case "--api": api = value
            case "--user": user = value
            case "--ca": ca = value
            case "--store": store = value
            case "--calls":
                guard let number = Int(value), number > 0 else { return nil }
                calls = number
            default: return nil
            }
        }
        if [server, api, user, store].contains("") { return nil }
    }
}
