/// The name that was most likely meant: the only one that begins like this, or else the closest one.
///
/// - Returns: nil where no candidate is close: more than a third of the letters differ.
func closest(to name: String, among candidates: [String]) -> String? {
    let text = name.lowercased()
    let letters = Array(text)
    let forms = candidates.map { candidate in
        // A key that was written without its group is close to the whole name.
        let bare = text.contains(".") ? nil : candidate.split(separator: ".").last.map(String.init)
        return [candidate, bare].compactMap { $0?.lowercased() }
    }
    let beginnings = zip(candidates, forms).filter { letters.count >= 3 && $1.contains { $0.hasPrefix(text) } }
    if beginnings.count == 1 { return beginnings[0].0 }
    let ranked = zip(candidates, forms).map { candidate, forms in
        (name: candidate, distance: forms.map { editDistance(letters, Array($0)) }.min()!)
    }
    return ranked.min { $0.distance < $1.distance }.flatMap { $0.distance <= max(1, letters.count / 3) ? $0.name : nil }
}

/// The fewest letters to insert, drop, replace or swap with their neighbour (optimal string alignment).
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(previous[column + 1], current[column]) + 1
            cost = min(cost, previous[column] + (letter == other ? 0 : 1))
            if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
}
