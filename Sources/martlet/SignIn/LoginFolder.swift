import MartletClient

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where `login` keeps what the commands after it need: `$XDG_STATE_HOME/martlet`, mode 0700.
///
/// ```
/// session.json   0600   the server, who is signed in, the refresh token
/// ca.pem         0600   the certificates that the server is trusted by, where they are not the system's
/// ```
struct LoginFolder {
    let path: String

    /// - Parameter environment: `XDG_STATE_HOME`, which counts only where it is absolute (XDG Base Directory
    ///   Specification), or `HOME`.
    init(environment: [String: String]) throws(CommandFailure) {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            path = "\(state)/martlet"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            path = "\(home)/.local/state/martlet"
        } else {
            throw CommandFailure("There is no place to keep the sign-in. Set HOME or XDG_STATE_HOME.")
        }
    }

    var sessionPath: String { "\(path)/session.json" }

    private var certificatesPath: String { "\(path)/ca.pem" }

    /// The kept certificates; nil for the system's.
    var certificates: String? { unsafe access(certificatesPath, F_OK) == 0 ? certificatesPath : nil }

    /// Makes the folder, and those above it, where they are not there.
    func make() throws(CommandFailure) {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            let folder = String(path[..<end])
            guard unsafe mkdir(folder, 0o700) != 0, errno != EEXIST else { continue }
            // The system's own folders may be there without the right to make them.
            guard unsafe access(folder, F_OK) != 0 else { continue }
            throw CommandFailure("The folder \(folder) cannot be made: \(systemMessage(errno)).")
        }
        // It may have been made by another program with another mode.
        guard unsafe chmod(path, 0o700) == 0 else {
            throw CommandFailure("The folder \(path) cannot be made private: \(systemMessage(errno)).")
        }
    }

    /// Makes a copy of the certificates beside those that are kept, so that the commands after it can be typed in any
    /// folder. Once this is done, little can go wrong with `keep`.
    ///
    /// - Parameter bytes: nil for the system's.
    func draft(of bytes: [UInt8]?) throws(CommandFailure) -> CertificatesDraft {
        let draft = CertificatesDraft(
            place: certificatesPath, copy: bytes.map { _ in "\(certificatesPath).\(getpid())" })
        if let bytes { try draft.fill(with: bytes) }
        return draft
    }
}

/// A copy of certificates, on disk already, that is to take the place of those that are kept.
struct CertificatesDraft {
    fileprivate let place: String
    /// nil where none are to be kept.
    fileprivate let copy: String?

    fileprivate func fill(with bytes: [UInt8]) throws(CommandFailure) {
        guard let copy else { return }
        let file = unsafe open(copy, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFailure("\(copy) cannot be written: \(systemMessage(errno)).") }
        let isWritten = unsafe write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        let code = errno
        close(file)
        guard !isWritten else { return }
        drop()
        throw CommandFailure("\(copy) cannot be written: \(systemMessage(code)).")
    }

    /// Puts the copy in place of what was kept.
    func keep() throws(CommandFailure) {
        guard let copy else {
            guard unsafe unlink(place) != 0, errno != ENOENT else { return }
            throw CommandFailure("\(place) cannot be removed: \(systemMessage(errno)).")
        }
        guard unsafe rename(copy, place) == 0 else {
            throw CommandFailure("\(place) cannot be written: \(systemMessage(errno)).")
        }
    }

    /// Removes the copy where it was not kept.
    func drop() {
        if let copy { unsafe unlink(copy) }
    }
}
