import Synchronization

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let level: Atomic<Int>

    package init(_ value: Int = 0) {
        level = Atomic(value)
    }

    package func add(_ amount: Int) {
        level.wrappingAdd(amount, ordering: .relaxed)
    }

    package func set(_ value: Int) {
        level.store(value, ordering: .relaxed)
    }

    package var value: Int { level.load(ordering: .relaxed) }
}
