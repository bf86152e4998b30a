#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What the system says of this process. Where a system does not tell, the value is nil.
enum ProcessFigures {
    /// CPU time, in seconds.
    static var cpuSeconds: Double? {
        // POSIX has it count in millionths.
        let ticks = clock()
        return ticks >= 0 ? Double(ticks) / 1_000_000 : nil
    }

    /// RSS, in bytes.
    static var residentBytes: Int? {
        #if os(Linux)
        // Pages: size, resident, shared, …
        let fields = text(of: "/proc/self/statm")?.split(separator: " ") ?? []
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(CInt(_SC_PAGESIZE)))
        #else
        return nil
        #endif
    }

    static var openFiles: Int? {
        #if os(Linux)
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Without itself, its parent, and the descriptor that reads it.
        return max(0, count - 3)
        #else
        return nil
        #endif
    }

    #if os(Linux)
    /// The first bytes of a small file.
    private static func text(of path: String) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
    #endif
}
