/// Everybody's notes, in memory.
actor Notes {
    private var notes: [String: [String]] = [:]

    var count: Int { notes.values.reduce(0) { $0 + $1.count } }

    /// The notes of a user, one a line.
    func list(of user: String) -> String {
        notes[user, default: []].map { "\($0)\n" }.joined()
    }

    func add(_ note: String, by user: String) {
        notes[user, default: []].append(note)
    }

    func removeAll(of user: String) {
        notes[user] = nil
    }
}
