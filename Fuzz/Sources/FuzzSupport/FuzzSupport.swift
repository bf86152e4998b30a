/// The input of one run, as an array.
public func input(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

/// Ends the run as a finding if something does not hold that always must. Unlike `assert`, in release builds too.
public func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard condition else {
        fatalError(message())
    }
}
