import Foundation

/// What the tests use if it is there, and do without if it is not.
enum Surroundings {
    private static let environment = ProcessInfo.processInfo.environment

    /// The folder of the package's manifest.
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The JOSE cookbook's files: in `MARTLET_VECTORS`, else in `shared/vectors` beside the package.
    static let cookbook: URL? = {
        let variable = environment["MARTLET_VECTORS"].map { URL(fileURLWithPath: $0) }
        let folder = variable ?? package.deletingLastPathComponent().appending(path: "shared/vectors")
        let cookbook = folder.appending(path: "jose-cookbook")
        return FileManager.default.fileExists(atPath: cookbook.path) ? cookbook : nil
    }()

    /// A Python that has joserfc: the one that `MARTLET_PYTHON` names, else the one in the package's `.venv`.
    static let python: URL? = {
        let variable = environment["MARTLET_PYTHON"].map { URL(fileURLWithPath: $0) }
        let python = variable ?? package.appending(path: ".venv/bin/python")
        return FileManager.default.isExecutableFile(atPath: python.path) ? python : nil
    }()
}
