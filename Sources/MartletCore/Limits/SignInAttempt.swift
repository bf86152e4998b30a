/// What a sign-in is limited by, as hashes under a seed of this process. Neither the name nor the address can be had
/// from them.
struct SignInAttempt: Sendable, Hashable {
    /// The name that is tried, whether or not there is such a user.
    let name: UInt64
    /// Where it comes from; nil where that is not known.
    let place: Place?

    struct Place: Sendable, Hashable {
        /// The name from this network.
        let pair: UInt64
        /// The name from this network by this program.
        let presenter: UInt64
        /// The network.
        let network: UInt64
        /// The site around the network, where it is IPv6.
        let site: UInt64?
    }

    init(_ username: UsernameKey, from presenter: Presenter) {
        name = limitKey(username)
        place = AddressPrefix(presenter.address).map { network in
            Place(
                pair: limitKey(username, network),
                presenter: limitKey(username, network, UserAgentFamily(presenter.userAgent)),
                network: limitKey(network), site: network.site.map { limitKey($0) })
        }
    }
}

/// A key of a limit: a hash under a seed of this process, so that nobody outside can make two of the same.
func limitKey<each Part: Hashable>(_ part: repeat each Part) -> UInt64 {
    var hasher = Hasher()
    repeat hasher.combine(each part)
    return UInt64(bitPattern: Int64(hasher.finalize()))
}
