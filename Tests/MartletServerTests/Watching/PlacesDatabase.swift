import Foundation
import MartletCore
import ProcessSupport
import Testing

/// A database of places that mmdb-writer, a package of Python, makes.
enum PlacesDatabase {
    static let berlin = Coordinates(latitude: 52.52, longitude: 13.4)
    static let inBerlin = ["192.0.2.7", "2001:db8::7"]
    static let wellington = Coordinates(latitude: -41.29, longitude: 174.78)
    static let inWellington = ["203.0.113.200"]
    static let nowhere = ["198.51.100.1", "203.0.113.1", "::1", "", "no address"]

    /// The `python` that `MARTLET_PYTHON` names, else the one in `.venv`, which `Scripts/install.sh --tests` makes.
    fileprivate static let python: String? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path =
            ProcessInfo.processInfo.environment["MARTLET_PYTHON"]
            ?? package.appending(path: ".venv/bin/python").path(percentEncoded: false)
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    private static let script = """
        import sys
        from mmdb_writer import MMDBWriter
        from netaddr import IPSet
        writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-City", float_type="f64")
        berlin = {"city": {"names": {"en": "Berlin"}}, "location": {"latitude": 52.52, "longitude": 13.4}}
        writer.insert_network(IPSet(["192.0.2.0/24", "2001:db8::/32"]), berlin)
        wellington = {"city": {"names": {"en": "Wellington"}}, "location": {"latitude": -41.29, "longitude": 174.78}}
        writer.insert_network(IPSet(["203.0.113.128/25"]), wellington)
        writer.insert_network(IPSet(["198.51.100.0/24"]), {"city": {"names": {"en": "Nowhere"}}})
        writer.to_db_file(sys.argv[1])
        """

    /// Makes the database, gives its path to the work, and removes it.
    static func with(_ work: (String) async throws -> Void) async throws {
        let python = try #require(Self.python, "there is no .venv: run Scripts/install.sh --tests")
        try await TemporaryFolder.with { folder in
            let path = folder.path + "/places.mmdb"
            let made = try await ChildProcess.run([python, "-c", script, path], input: "")
            try #require(made.status == 0, "\(made.errors)")
            try await work(path)
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that make a ``PlacesDatabase``.
    static var placesDatabase: Self {
        .enabled(
            if: PlacesDatabase.python != nil || ProcessInfo.processInfo.environment["CI"] == "true",
            "there is no .venv: run Scripts/install.sh --tests, or set MARTLET_PYTHON")
    }
}
