#if canImport(Security)
import Foundation
import Security

/// Keeps the session in the Keychain: readable after the first unlock, on this device only.
///
/// The Keychain cannot compare and set. Where an app and its extensions share the item, give all of them the same
/// `lockFile`, in the folder of their app group; without one, only this process takes turns.
public final class KeychainTokenStore: TokenStore {
    private let service: String
    private let account: String
    private let accessGroup: String?
    private let lockFile: String
    private let queue = DispatchQueue(label: "martlet.keychain-token-store")

    /// - Parameters:
    ///   - service: names the item: the app's bundle identifier, say.
    ///   - account: tells items of one service apart.
    ///   - accessGroup: the Keychain group that an app shares with its extensions; nil for the app's own.
    ///   - lockFile: a path in a folder that all who share the item can write; nil for one in the temporary folder
    ///     of this app.
    public init(
        service: String, account: String = "martlet-session", accessGroup: String? = nil, lockFile: String? = nil
    ) {
        self.service = service
        self.account = account
        self.accessGroup = accessGroup
        self.lockFile = lockFile ?? NSTemporaryDirectory() + "martlet-\(service)-\(account)"
    }

    public func load() async throws -> SavedSession? {
        try await perform { try self.read() }
    }

    public func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool {
        let path = lockFile + ".lock"
        guard let lock = try await polling(for: .seconds(5), { try FileLock(tryingAt: path) }) else {
            throw MartletClientError.storeUnavailable("Another process holds \(path) for more than 5 seconds.")
        }
        defer { lock.unlock() }
        return try await perform {
            if condition != .always {
                guard condition.isMet(by: try self.read()) else { return false }
            }
            try self.write(session)
            return true
        }
    }

    public func lease(timeout: Duration) async throws -> RenewalLease? {
        let path = lockFile + ".renewal.lock"
        return try await polling(for: timeout) {
            guard let lock = try FileLock(tryingAt: path) else { return nil }
            return RenewalLease { lock.unlock() }
        }
    }

    private var query: [CFString: Any] {
        var query: [CFString: Any] = [
            kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: account,
            kSecUseDataProtectionKeychain: true,
        ]
        if let accessGroup { query[kSecAttrAccessGroup] = accessGroup }
        return query
    }

    private func read() throws -> SavedSession? {
        var query = query
        query[kSecReturnData] = true
        query[kSecMatchLimit] = kSecMatchLimitOne
        var result: CFTypeRef?
        let status = unsafe SecItemCopyMatching(query as CFDictionary, &result)
        guard status != errSecItemNotFound else { return nil }
        guard status == errSecSuccess, let data = result as? Data else { throw failure("read", status) }
        return try SavedSession(decoding: Array(data))
    }

    private func write(_ session: SavedSession?) throws {
        guard let session else {
            let status = SecItemDelete(query as CFDictionary)
            guard status == errSecSuccess || status == errSecItemNotFound else { throw failure("clear", status) }
            return
        }
        let attributes: [CFString: Any] = [
            kSecValueData: Data(session.encoded()),
            kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        var status = SecItemUpdate(query as CFDictionary, attributes as CFDictionary)
        if status == errSecItemNotFound {
            let item = query.merging(attributes) { $1 }
            status = unsafe SecItemAdd(item as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw failure("write", status) }
    }

    private func failure(_ action: String, _ status: OSStatus) -> MartletClientError {
        let reason = SecCopyErrorMessageString(status, nil) as String? ?? "status \(status)"
        return .storeUnavailable("Could not \(action) the Keychain item: \(reason). The session is kept.")
    }

    private func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
#endif
