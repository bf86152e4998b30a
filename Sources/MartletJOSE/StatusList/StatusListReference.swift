/// Where the status of a token is to be found (draft-ietf-oauth-status-list §6.2): the member `status_list` of its claim
/// `status`.
public struct StatusListReference: Hashable, Sendable {
    /// `uri`: the status list token, which has it as its `sub`.
    public var uri: String

    /// `idx`: the place in the list, counted from 0.
    public var index: Int64

    /// The place in a list.
    public init(uri: String, index: Int64) {
        self.uri = uri
        self.index = index
    }
}
