/// What the command was asked for.
struct Arguments {
    struct Misuse: Error, CustomStringConvertible {
        var description: String
    }

    static let usage = """
        usage: RotationSimulation [--docs FOLDER] [--sessions N] [--days N] [--thieves N] [--seed N] [--break DEFECT]
          --docs FOLDER     write the tables and the chart into the pages of this folder
          --sessions N      sessions of honest users for each figure (2000)
          --days N          how long they last (60)
          --thieves N       thieves for each figure (500)
          --seed N          the start of all randomness (1)
          --break DEFECT    break Martlet's rule, to see that it is noticed: \
        \(MartletRule.Defect.allCases.map(\.rawValue).joined(separator: ", "))
        """

    var experiment = Experiment()
    var docs: String?

    init(_ arguments: some Sequence<String>) throws(Misuse) {
        var rest = Array(arguments)
        while !rest.isEmpty {
            let option = rest.removeFirst()
            guard !rest.isEmpty else { throw Misuse(description: "\(option) is unknown or lacks its value") }
            let value = rest.removeFirst()
            switch option {
            case "--docs": docs = value
            case "--sessions": experiment.sessions = try Self.number(value, for: option)
            case "--days": experiment.days = Milliseconds(try Self.number(value, for: option))
            case "--thieves": experiment.thieves = try Self.number(value, for: option)
            case "--seed": experiment.seed = UInt64(try Self.number(value, for: option))
            case "--break":
                guard let defect = MartletRule.Defect(rawValue: value) else {
                    throw Misuse(description: "there is no defect \(value)")
                }
                experiment.defect = defect
            default: throw Misuse(description: "\(option) is unknown")
            }
        }
    }

    private static func number(_ text: String, for option: String) throws(Misuse) -> Int {
        guard let number = Int(text), 1...1_000_000 ~= number else {
            throw Misuse(description: "\(option) takes a number from 1 to 1000000, not \(text)")
        }
        return number
    }
}
