import Crypto
import MartletJOSE
import MartletProtocol

/// Storage's keys at one moment, opened.
final class KeySnapshot: Sendable {
    let schedules: [KeyRecord.Kind: KeySchedule]
    let signers: [String: AccessTokenSigner]
    let refreshTokenKeys: [UInt8: RefreshTokenKey]
    /// Both kinds, each at the place of its record in the schedule, so that a renewal finds the active one at a glance.
    private let signersInOrder: [AccessTokenSigner?]
    private let refreshTokenKeysInOrder: [RefreshTokenKey?]
    let verificationKeys: VerificationKeySet
    let jwks: PublishedDocument

    /// No keys at all.
    init() {
        schedules = [:]
        signers = [:]
        refreshTokenKeys = [:]
        signersInOrder = []
        refreshTokenKeysInOrder = []
        verificationKeys = VerificationKeySet([])
        jwks = PublishedDocument(JWKSet(keys: []).serialized())
    }

    init(_ records: [KeyRecord], openedWith masterKey: MasterKey) throws(AuthorityError) {
        var signers: [String: AccessTokenSigner] = [:]
        var refreshTokenKeys: [UInt8: RefreshTokenKey] = [:]
        var published: [JWK] = []
        var verifying: [VerificationKey] = []
        for record in records {
            guard let secret = masterKey.open(record.sealed, label: Self.label(record.kind, record.id)) else {
                throw Self.unusable(
                    "the master key does not open the \(record.kind.rawValue) key \(record.id); "
                        + "start with the master key that this data was made with")
            }
            switch record.kind {
            case .signing:
                do throws(JOSEError) {
                    let key = try SigningKey(privateJWK: secret)
                    signers[record.id] = AccessTokenSigner(key: key)
                    published.append(key.jwk)
                    verifying.append(try VerificationKey(key.jwk))
                } catch {
                    throw Self.unusable("the signing key \(record.id) is damaged: \(error)")
                }
            case .refreshTokenMAC:
                guard let id = UInt8(record.id) else {
                    throw Self.unusable("a refresh token key has the id \(record.id), which is no number up to 255")
                }
                refreshTokenKeys[id] = RefreshTokenKey(id: id, key: RefreshTokenMACKey(SymmetricKey(data: secret)))
            }
        }
        let schedules = Dictionary(grouping: records, by: \.kind).mapValues(KeySchedule.init)
        self.schedules = schedules
        self.signers = signers
        self.refreshTokenKeys = refreshTokenKeys
        signersInOrder = (schedules[.signing]?.records ?? []).map { signers[$0.id] }
        refreshTokenKeysInOrder = (schedules[.refreshTokenMAC]?.records ?? []).map { record in
            UInt8(record.id).flatMap { refreshTokenKeys[$0] }
        }
        self.verificationKeys = VerificationKeySet(verifying)
        self.jwks = PublishedDocument(JWKSet(keys: published).serialized())
    }

    /// What access tokens are signed with at a time.
    func signer(at now: Timestamp) -> AccessTokenSigner? {
        schedules[.signing]?.activeIndex(at: now).flatMap { signersInOrder[$0] }
    }

    /// What new refresh tokens are authenticated with at a time.
    func refreshTokenKey(at now: Timestamp) -> RefreshTokenKey? {
        schedules[.refreshTokenMAC]?.activeIndex(at: now).flatMap { refreshTokenKeysInOrder[$0] }
    }

    /// Whether it was made of just these records.
    func isMade(of records: [KeyRecord]) -> Bool {
        Set(schedules.values.flatMap(\.records)) == Set(records)
    }

    /// What a key is sealed for, so that one cannot be put in another's place.
    static func label(_ kind: KeyRecord.Kind, _ id: String) -> String {
        "martlet key \(kind.rawValue) \(id)"
    }

    private static func unusable(_ detail: String) -> AuthorityError {
        AuthorityError(.storageUnavailable, retryAfter: .seconds(1), detail: detail)
    }
}
