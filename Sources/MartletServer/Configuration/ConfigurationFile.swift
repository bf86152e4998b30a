import Yams

/// Reads the YAML file: a tree of mappings whose leaves are the keys of `ConfigurationKey.all`.
///
/// It goes through Yams' tree of nodes, which knows the line of everything, and takes scalars as they are written: no
/// YAML types, so `on` is no Boolean and `010` no octal number.
struct ConfigurationFile {
    private(set) var settings: [ConfigurationSetting] = []
    private(set) var problems: [ConfigurationProblem] = []
    private let path: String

    init(path: String, text: String) {
        self.path = path
        do {
            guard let root = try Yams.compose(yaml: text), root.scalar?.isNull != true else { return }
            guard case .mapping(let mapping) = root else {
                report("a configuration is a mapping: lines such as `listen: localhost:8443`.", at: root.mark)
                return
            }
            read(mapping, in: "")
        } catch {
            problems = Self.problems(of: error, path: path, text: text)
        }
    }

    /// - Parameter group: the name of the mapping with a dot at its end; empty for the root.
    private mutating func read(_ mapping: Node.Mapping, in group: String) {
        for (name, value) in mapping {
            guard let text = name.scalar?.string else {
                report("a key has to be a plain name.", at: name.mark)
                continue
            }
            let full = group + text
            if let key = ConfigurationKey.byName[full], group.isEmpty != full.contains(".") {
                read(value, of: key)
            } else if ConfigurationKey.all.contains(where: { $0.name.hasPrefix(full + ".") }) {
                switch value {
                case .mapping(let inner): read(inner, in: full + ".")
                case .scalar(let scalar) where scalar.isNull: break
                default: report("\(full) has keys of its own, indented on the lines below it.", at: value.mark)
                }
            } else if ConfigurationKey.byName[full] != nil {
                report("\(full) is written as two lines: \(nested(full)).", at: name.mark)
            } else {
                report("there is no key \(full).\(suggestion(for: full))", at: name.mark)
            }
        }
    }

    private mutating func read(_ value: Node, of key: ConfigurationKey) {
        switch value {
        case .scalar(let scalar) where scalar.isNull:
            report(
                "\(key.name) has no value. It has to be \(key.expectation); leave it out for the default.",
                at: value.mark)
        case .scalar(let scalar) where !key.isList:
            settings.append(.init(key: key, texts: [scalar.string], origins: [origin(value.mark)]))
        case .sequence(let sequence) where key.isList && sequence.allSatisfy({ $0.scalar != nil }):
            settings.append(
                .init(
                    key: key, texts: sequence.compactMap(\.scalar?.string),
                    origins: sequence.isEmpty ? [origin(value.mark)] : sequence.map { origin($0.mark) }
                )
            )
        default:
            report("\(key.name) has to be \(key.expectation).", at: value.mark)
        }
    }

    private func origin(_ mark: Mark?) -> ConfigurationOrigin {
        .file(path, line: mark?.line ?? 0, column: mark?.column ?? 0)
    }

    private mutating func report(_ message: String, at mark: Mark?) {
        problems.append(.init(origin: origin(mark), message: message))
    }

    private func nested(_ name: String) -> String {
        let parts = name.split(separator: ".")
        return "`\(parts[0]):`, and below it, indented, `\(parts[1]): …`"
    }

    private func suggestion(for name: String) -> String {
        closest(to: name, among: ConfigurationKey.all.map(\.name)).map { " Did you mean \($0)?" }
            ?? " docs/configuration.md has them all."
    }
}

extension ConfigurationFile {
    /// What Yams has to say, in our words, with its place.
    private static func problems(of error: any Error, path: String, text: String) -> [ConfigurationProblem] {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return [
                .init(
                    origin: .file(path, line: mark.line, column: mark.column), message: "this is not YAML: \(problem)."
                )
            ]
        case .duplicatedKeysInMapping(let names, let context):
            return names.flatMap { name in
                repetitions(of: name, near: context.mark, in: text).map { line in
                    .init(
                        origin: .file(path, line: line, column: context.mark.column),
                        message: "\(name) is there a second time. Keep one of the two."
                    )
                }
            }
        case let other?:
            return [.init(origin: .file(path, line: 0, column: 0), message: "this is not YAML: \(other).")]
        case nil:
            return [.init(origin: .file(path, line: 0, column: 0), message: "this is not YAML.")]
        }
    }

    /// The lines after the first that have a key in one mapping, which Yams names without their places.
    ///
    /// - Parameter mark: where one of the mapping's keys stands.
    private static func repetitions(of name: String, near mark: Mark, in text: String) -> [Int] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        func indentation(_ index: Int) -> Int? {
            let line = lines[index]
            guard let first = line.firstIndex(where: { $0 != " " }), line[first] != "#", line[first] != "\r" else {
                return nil
            }
            return line.distance(from: line.startIndex, to: first)
        }
        let column = mark.column - 1
        let isOutside = { (index: Int) in indentation(index).map { $0 < column } ?? false }
        let start = (0..<mark.line).last(where: isOutside).map { $0 + 1 } ?? 0
        let end = (mark.line..<lines.count).first(where: isOutside) ?? lines.count
        let found = (start..<end).filter { index in
            indentation(index) == column
                && ["\(name):", "\"\(name)\":", "'\(name)':"].contains { lines[index].dropFirst(column).hasPrefix($0) }
        }
        return found.count > 1 ? found.dropFirst().map { $0 + 1 } : [mark.line]
    }
}

extension Node.Scalar {
    /// Whether nothing is written, or YAML's word for nothing.
    fileprivate var isNull: Bool {
        style == .plain && ["", "~", "null", "Null", "NULL"].contains(string)
    }
}
