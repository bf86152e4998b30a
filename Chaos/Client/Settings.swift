/// What the program was told by its arguments.
struct Settings: Sendable {
    var server = ""
    var user = ""
    var folder = ""
    /// Clients that sign in, each with a store of its own name.
    var leaders: [String] = []
    /// Clients that share the store of a leader of the same name, in another process.
    var followers: [String] = []
    var comparesAndSets = true

    static let usage = """
        usage: ChaosClient --server URL --user NAME --folder DIR --leaders a,b --followers c,d [--without-compare-and-set]

        The first line of standard input is the password.
        """

    init?(arguments: some Collection<String>) {
        var rest = arguments.makeIterator()
        while let name = rest.next() {
            if name == "--without-compare-and-set" {
                comparesAndSets = false
                continue
            }
            guard let value = rest.next() else { return nil }
            switch name {
            case "--server": server = value
            case "--user": user = value
            case "--folder": folder = value
            case "--leaders": leaders = value.split(separator: ",").map(String.init)
            case "--followers": followers = value.split(separator: ",").map(String.init)
            default: return nil
            }
        }
        if [server, user, folder].contains("") { return nil }
    }
}
