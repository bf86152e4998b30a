import CFileStatus

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The folder that holds everything an authority keeps: the database, the master key, the local CA.
///
/// It belongs to the user that runs the authority and to nobody else (mode 0700), which is checked each time.
///
/// ```
/// martlet-data/         0700
///   martlet.sqlite      0600   users, clients, sessions, sealed keys
///   martlet.mark        0600   how many durable writes the database has seen, to notice a restored one
///   master.key          0600   32 bytes that the keys are sealed under, unless configuration has them
///   serve.lock          0600   held by the process that serves
///   tls/                0700   the local CA and its certificates
/// ```
public struct DataFolder: Sendable, Hashable {
    /// The path as it was given.
    public let path: String

    /// Opens a folder that is there.
    ///
    /// - Throws: ``DataFolderError/Code/missing``, ``DataFolderError/Code/notAFolder``,
    ///   ``DataFolderError/Code/foreign`` or ``DataFolderError/Code/exposed``.
    public init(openingAt path: String) throws(DataFolderError) {
        self.path = path
        let status = try Self.status(of: path)
        guard let status else {
            throw DataFolderError(
                .missing,
                "There is no data folder \(path). `martlet serve` makes one at its first start; --data names another.")
        }
        try Self.check(status, path)
        guard status.permissions & 0o077 == 0 else {
            throw DataFolderError(
                .exposed,
                "Other users have access to the data folder \(path) (mode \(octal(status.permissions))). Take it from them "
                    + "with: chmod 700 \(path)")
        }
    }

    /// Opens a folder, and makes it where there is none. One that is there and empty is made private.
    ///
    /// - Throws: what ``init(openingAt:)`` does, and ``DataFolderError/Code/unwritable``. A missing parent is not made.
    public init(creatingAt path: String) throws(DataFolderError) {
        if unsafe mkdir(path, 0o700) != 0 {
            let code = errno
            guard let status = try Self.status(of: path) else {
                if code == ENOENT, let parent = Self.missingParent(of: path) { throw Self.noParent(parent, of: path) }
                throw DataFolderError(.unwritable, "The data folder \(path) cannot be made: \(reason(code)).")
            }
            try Self.check(status, path)
            if status.permissions & 0o077 != 0, Self.isEmpty(path), unsafe chmod(path, 0o700) != 0 {
                throw DataFolderError(.unwritable, "The data folder \(path) cannot be made private: \(reason(errno)).")
            }
        }
        try self.init(openingAt: path)
    }

    /// Looks at what ``init(creatingAt:)`` would find there, and makes nothing.
    ///
    /// - Returns: nil where there is no such folder and it could be made, or where it is there and empty.
    /// - Throws: what ``init(creatingAt:)`` does, as far as that can be seen beforehand.
    static func found(at path: String) throws(DataFolderError) -> DataFolder? {
        guard let status = try status(of: path) else {
            if let parent = missingParent(of: path) { throw noParent(parent, of: path) }
            return nil
        }
        try check(status, path)
        return isEmpty(path) ? nil : try DataFolder(openingAt: path)
    }

    public var databasePath: String { "\(path)/martlet.sqlite" }

    public var hasDatabase: Bool { unsafe access(databasePath, F_OK) == 0 }

    public var masterKeyPath: String { "\(path)/master.key" }

    /// Where the local CA and its certificates are kept. ``makeTLSFolder()`` makes it.
    public var tlsPath: String { "\(path)/tls" }

    /// The certificate that clients trust (`curl --cacert`).
    public var authorityCertificatePath: String { "\(tlsPath)/ca.pem" }

    /// Makes ``tlsPath`` where it is not there.
    ///
    /// - Throws: ``DataFolderError/Code/unwritable``.
    public func makeTLSFolder() throws(DataFolderError) {
        guard unsafe mkdir(tlsPath, 0o700) != 0, errno != EEXIST else { return }
        throw DataFolderError(.unwritable, "The folder \(tlsPath) cannot be made: \(reason(errno)).")
    }

    /// The folder that it would have to be made in, where that is not there.
    private static func missingParent(of path: String) -> String? {
        let trimmed = String(path.reversed().drop { $0 == "/" }.reversed())
        guard let slash = trimmed.lastIndex(of: "/"), slash > trimmed.startIndex else { return nil }
        let parent = String(trimmed[..<slash])
        return unsafe access(parent, F_OK) == 0 ? nil : parent
    }

    private static func noParent(_ parent: String, of path: String) -> DataFolderError {
        DataFolderError(
            .unwritable,
            "The data folder \(path) cannot be made, since there is no folder \(parent). Make that one first "
                + "(mkdir -p \(parent)), or name another data folder with --data.")
    }

    private static func status(of path: String) throws(DataFolderError) -> martlet_file_status? {
        let status = unsafe martlet_status_of_path(path)
        if status.error == 0 { return status }
        guard status.error == ENOENT else {
            throw DataFolderError(.notAFolder, "The data folder \(path) cannot be opened: \(reason(status.error)).")
        }
        return nil
    }

    private static func check(_ status: martlet_file_status, _ path: String) throws(DataFolderError) {
        guard status.is_folder else {
            throw DataFolderError(.notAFolder, "\(path) is not a folder. Name a data folder with --data.")
        }
        try checkOwner(status, path)
    }

    /// Also refused to root: a file that root makes here would shut out the user that serves.
    static func checkOwner(_ status: martlet_file_status, _ path: String) throws(DataFolderError) {
        guard status.owner == geteuid() else {
            throw DataFolderError(
                .foreign,
                "\(path) belongs to the user with the id \(status.owner), and this runs as \(geteuid()). Run it as that "
                    + "user: sudo -u '#\(status.owner)' martlet …")
        }
    }

    private static func isEmpty(_ path: String) -> Bool {
        guard let folder = unsafe opendir(path) else { return false }
        defer { unsafe closedir(folder) }
        var count = 0
        // Every folder lists itself and its parent.
        while count <= 2, unsafe readdir(folder) != nil { count += 1 }
        return count <= 2
    }
}

/// What the system says about an error number.
func reason(_ code: CInt) -> String {
    unsafe String(cString: strerror(code))
}

/// The permissions as `chmod` takes them.
func octal(_ permissions: UInt32) -> String {
    String(permissions, radix: 8)
}
