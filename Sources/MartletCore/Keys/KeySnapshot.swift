import Crypto
import MartletJOSE
import MartletProtocol

/// Storage's keys at one moment, opened.
struct KeySnapshot: Sendable {
    private(set) var schedules: [KeyRecord.Kind: KeySchedule] = [:]
    private(set) var signers: [String: AccessTokenSigner] = [:]
    private(set) var refreshTokenKeys: [UInt8: RefreshTokenKey] = [:]
    private(set) var verificationKeys = VerificationKeySet([])
    private(set) var jwks = PublishedDocument([])
    private(set) var loadedAt = Timestamp(milliseconds: 0)

    init() {}

    /// - Parameter earlier: the snapshot before, whose keys need not be opened again.
    init(
        _ records: [KeyRecord], openedWith masterKey: MasterKey, reusing earlier: KeySnapshot, at now: Timestamp
    ) throws(AuthorityError) {
        loadedAt = now
        for kind in KeyRecord.Kind.allCases {
            schedules[kind] = KeySchedule(records.filter { $0.kind == kind })
        }
        if schedules.mapValues(\.records) == earlier.schedules.mapValues(\.records) {
            signers = earlier.signers
            refreshTokenKeys = earlier.refreshTokenKeys
            verificationKeys = earlier.verificationKeys
            jwks = earlier.jwks
            return
        }
        var published: [JWK] = []
        var verifying: [VerificationKey] = []
        for record in records {
            guard let secret = masterKey.open(record.sealed, label: Self.label(record.kind, record.id)) else {
                throw AuthorityError(
                    .storageUnavailable,
                    detail: "the master key does not open the \(record.kind.rawValue) key \(record.id); "
                        + "start with the master key that this data was made with"
                )
            }
            switch record.kind {
            case .signing:
                do throws(JOSEError) {
                    let key = try SigningKey(privateJWK: secret)
                    signers[record.id] = AccessTokenSigner(key: key)
                    published.append(key.jwk)
                    verifying.append(try VerificationKey(key.jwk))
                } catch {
                    throw AuthorityError(.storageUnavailable, detail: "the signing key \(record.id) is damaged: \(error)")
                }
            case .refreshTokenMAC:
                guard let id = UInt8(record.id) else {
                    throw AuthorityError(.storageUnavailable, detail: "a refresh token key has the id \(record.id)")
                }
                refreshTokenKeys[id] = RefreshTokenKey(id: id, key: SymmetricKey(data: secret))
            }
        }
        verificationKeys = VerificationKeySet(verifying)
        jwks = PublishedDocument(JWKSet(keys: published).serialized())
    }

    static func label(_ kind: KeyRecord.Kind, _ id: String) -> String {
        "martlet key \(kind.rawValue) \(id)"
    }
}
