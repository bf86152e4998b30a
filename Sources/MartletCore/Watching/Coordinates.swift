#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where on earth an address is, in degrees.
public struct Coordinates: Sendable, Hashable {
    public var latitude: Double
    public var longitude: Double

    public init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }

    /// The distance along the surface (haversine), in kilometres.
    public func distance(to other: Coordinates) -> Double {
        let (one, two) = (latitude * .pi / 180, other.latitude * .pi / 180)
        let (north, east) = ((two - one) / 2, (other.longitude - longitude) * .pi / 360)
        let chord = sin(north) * sin(north) + cos(one) * cos(two) * sin(east) * sin(east)
        return 2 * 6_371 * asin(min(1, chord.squareRoot()))
    }
}
