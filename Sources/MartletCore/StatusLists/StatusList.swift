/// A status list (draft-ietf-oauth-status-list §4.1): a bit for each of so many sessions, which is set where the session
/// is over.
///
/// It goes by the sessions that go on. So a session that was forgotten counts as over, as does one whose row a backup
/// did not have.
public struct StatusList: Sendable, Hashable {
    /// How many sessions one list has: 16 KiB of bits, which whoever follows it can fetch every few seconds, and so many
    /// that fetching it says nothing of whom it is fetched for.
    public static let size: Int64 = 1 << 17

    /// Which of the lists it is, counted from 0.
    public let number: Int64
    /// Eight sessions to a byte, the first being its least bit.
    public let bytes: [UInt8]

    /// - Parameter statuses: those of ``indices(of:size:)``, at least.
    /// - Returns: nil where no session has its index in this list yet.
    init?(_ number: Int64, _ statuses: SessionStatuses, size: Int64 = Self.size) {
        guard let indices = Self.indices(of: number, size: size), statuses.next > indices.lowerBound else { return nil }
        let given = Int(min(statuses.next, indices.upperBound) - indices.lowerBound)
        var bytes = [UInt8](repeating: 0, count: Int(size) / 8)
        // An index that nobody has yet is not set: its session may be made while this list is still in use.
        for position in 0..<given / 8 { bytes[position] = 0xFF }
        if !given.isMultiple(of: 8) { bytes[given / 8] = (1 << UInt8(given % 8)) - 1 }
        for index in statuses.live where indices.contains(index) {
            let position = Int(index - indices.lowerBound)
            bytes[position / 8] &= ~(1 << UInt8(position % 8))
        }
        self.number = number
        self.bytes = bytes
    }

    /// The indices that a list is of; nil where there can be no such list.
    static func indices(of number: Int64, size: Int64 = Self.size) -> Range<Int64>? {
        guard number >= 0, number < Int64.max / size else { return nil }
        return number * size..<(number + 1) * size
    }
}
