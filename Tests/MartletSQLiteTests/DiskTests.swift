import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

#if os(Linux)
import Glibc

/// A file system of its own, of a given size, at a folder.
private final class SmallDisk {
    let folder: TemporaryFolder

    /// Whether this process may mount one.
    static let isPossible: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        guard unsafe mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
        unsafe umount2(folder.path, Int32(MNT_DETACH))
        return true
    }()

    init(bytes: Int) throws {
        folder = try TemporaryFolder()
        let result = unsafe mount("tmpfs", folder.path, "tmpfs", 0, "size=\(bytes)")
        try #require(result == 0)
    }

    deinit {
        unsafe umount2(folder.path, Int32(MNT_DETACH))
    }

    func setReadOnly() throws {
        let result = unsafe mount("tmpfs", folder.path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil)
        try #require(result == 0)
    }
}

@Suite(.enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs: run as root"))
struct DiskTests {
    @Test func aFullDiskHarmsNothing() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let storage = try await SQLiteStorage(path: disk.folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        _ = try await storage.present(fixture.token)
        let filler = disk.folder.path + "/filler"
        try fill(filler)
        // Fills what is left in the last blocks of the files.
        var stored: [User] = [user]
        let failure = await #expect(throws: StorageError.self) {
            for number in 0..<10_000 {
                let next = Fixtures.user("user\(number)")
                try await storage.insert(next)
                stored.append(next)
            }
        }
        #expect(failure?.code == .full, "\(String(describing: failure))")
        #expect(failure?.detail.hasPrefix("the disk is full: SQLite error ") == true, "\(String(describing: failure))")
        // Nothing is harmed, and what needs no room goes on.
        #expect(Set(try await storage.users(after: nil, limit: 20_000)) == Set(stored))
        #expect(try await storage.present(fixture.token).decision.name == "repeat")
        let next = fixture.child(of: fixture.token)
        // Whether this one still fits is chance; what it says is true.
        let answer = try? await storage.present(next)
        let row = try #require(try await storage.session(fixture.session.id))
        #expect(row.headGeneration == (answer == nil ? 1 : 2))

        try FileManager.default.removeItem(atPath: filler)
        try await storage.insert(Fixtures.user("after"))
        let decision = try await storage.present(next).decision.name
        #expect(decision == (answer == nil ? "advance" : "repeat"))
        await storage.close()

        let again = try await SQLiteStorage(path: disk.folder.database)
        #expect(try await again.users(after: nil, limit: 20_000).count == stored.count + 1)
        #expect(
            try await again.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        await again.close()
    }

    private func fill(_ path: String) throws {
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        var size = 1 << 16
        while size >= 1 << 12 {
            do { try file.write(contentsOf: Data(count: size)) } catch { size /= 2 }
        }
        try file.close()
    }

    @Test func aFullDiskAtTheStartIsSaid() async throws {
        let disk = try SmallDisk(bytes: 1 << 14)
        try fill(disk.folder.path + "/filler")
        let error = await #expect(throws: StorageError.self) {
            try await SQLiteStorage(path: disk.folder.database)
        }
        #expect(error?.code == .full, "\(String(describing: error))")
        #expect(error?.detail.hasPrefix("the disk is full: ") == true, "\(String(describing: error))")
    }

    @Test func aReadOnlyDiskIsSaid() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        await (try SQLiteStorage(path: disk.folder.database)).close()
        try disk.setReadOnly()
        for path in [disk.folder.database, disk.folder.path + "/new.sqlite"] {
            let error = await #expect(throws: StorageError.self) { try await SQLiteStorage(path: path) }
            #expect(error?.code == .readOnly, "\(String(describing: error))")
        }
    }
}
#endif
