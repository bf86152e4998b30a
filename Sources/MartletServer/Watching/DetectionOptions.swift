public import MartletCore

/// What the server is told of detection.
public struct DetectionOptions: Sendable, Hashable {
    public var watch = WatchSettings()
    /// The path of a database in MaxMind's format; nil where nobody is to be placed on the globe.
    public var places: String?

    public init() {}
}
