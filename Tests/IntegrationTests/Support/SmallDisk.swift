import Foundation
import Testing

#if os(Linux)

/// A file system of a test's own, which can be full or read-only.
final class SmallDisk: Sendable {
    /// Mounting is for root, and not for root in each container.
    static let isPossible = (try? SmallDisk()) != nil

    static let explanation: Comment = "mounting a file system needs root on Linux"

    struct Failure: Error {
        let code: CInt
    }

    private static let megabytes = 4

    private let folder: TemporaryFolder

    var path: String { folder("disk") }

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder("disk"), withIntermediateDirectories: false)
        guard unsafe mount("tmpfs", path, "tmpfs", 0, "mode=0700,size=\(Self.megabytes)m") == 0 else {
            throw Failure(code: errno)
        }
    }

    deinit {
        // Lazily: a server that a failing test left behind may still have files open.
        unsafe umount2(path, CInt(MNT_DETACH))
    }

    func makeReadOnly(_ isReadOnly: Bool = true) throws {
        let flags = UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0)
        guard unsafe mount("tmpfs", path, "tmpfs", flags, "mode=0700,size=\(Self.megabytes)m") == 0 else {
            throw Failure(code: errno)
        }
    }

    private var filler: String { "\(path)/filler" }

    /// Leaves room for nothing.
    func fill() throws {
        let file = unsafe open(filler, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure(code: errno) }
        defer { close(file) }
        let bytes = [UInt8](repeating: 0, count: 4_096)
        while unsafe write(file, bytes, bytes.count) > 0 {}
        guard errno == ENOSPC else { throw Failure(code: errno) }
    }

    func makeRoom() throws {
        try FileManager.default.removeItem(atPath: filler)
    }
}

#endif
