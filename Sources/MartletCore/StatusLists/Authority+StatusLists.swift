import MartletJOSE
public import MartletProtocol

extension Authority {
    /// The address of a list, which is its name, too.
    private func statusListURI(_ number: Int64) -> String {
        "\(settings.issuer)/oauth2/status-lists/\(number)"
    }

    /// What an access token of a session says of its status; nil where status lists are off.
    ///
    /// - Throws: `storageUnavailable` for a session without an index: its tokens would escape those who look it up.
    func statusReference(_ index: Int64?) throws(AuthorityError) -> StatusListReference? {
        guard settings.statusLists else { return nil }
        guard let index else {
            throw AuthorityError(
                .storageUnavailable, retryAfter: .seconds(1), detail: "a session has no index in the status lists")
        }
        let (number, place) = index.quotientAndRemainder(dividingBy: StatusList.size)
        return StatusListReference(uri: statusListURI(number), index: place)
    }

    /// A status list as storage has it now.
    ///
    /// - Throws: `notFound` where status lists are off, or no session is in this list yet; `storageUnavailable`.
    public func statusList(_ number: Int64) async throws(AuthorityError) -> StatusList {
        guard settings.statusLists else {
            throw AuthorityError(.notFound, message: "This server has no status lists (statusList).")
        }
        if let indices = StatusList.indices(of: number) {
            let statuses = try await storing { () async throws(StorageError) in
                try await storage.statuses(in: indices)
            }
            if let list = StatusList(number, statuses) { return list }
        }
        throw Self.noSuchStatusList
    }

    /// Where somebody asks for a list that is not there.
    public static var noSuchStatusList: AuthorityError {
        AuthorityError(.notFound, message: "There is no such status list; the claim status of a token names its own.")
    }

    /// Signs a status list (draft-ietf-oauth-status-list §5.1).
    ///
    /// - Parameters:
    ///   - compressedBits: the list's bytes in the format of zlib.
    ///   - madeAt: a time from before it was read.
    ///   - timeToLive: how long who fetched it may keep it before fetching it again.
    ///   - lifetime: how long it may be used where it cannot be fetched again.
    public func sign(
        _ list: StatusList, compressedBits: [UInt8], madeAt: Timestamp, timeToLive: Duration, lifetime: Duration
    ) throws(AuthorityError) -> String {
        let claims = StatusListClaims(
            issuer: settings.issuer, subject: statusListURI(list.number), issuedAt: madeAt.seconds,
            expiresAt: (madeAt + lifetime).seconds, timeToLive: timeToLive.wholeSeconds,
            compressedBits: compressedBits)
        return try signing("a status list", at: madeAt) { (signer) throws(JOSEError) in try signer.sign(claims) }
    }
}
