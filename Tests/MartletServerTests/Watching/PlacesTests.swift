import Foundation
import MartletCore
import ProcessSupport
import Testing

@testable import MartletServer

/// Look-ups in a database that mmdb-writer, a package of Python, has made.
struct PlacesTests {
    /// The `python` that `MARTLET_PYTHON` names, else the one in `.venv`, which `Scripts/install.sh --tests` makes.
    private static let python: String? = {
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
        writer.insert_network(IPSet(["198.51.100.0/24"]), {"city": {"names": {"en": "Nowhere"}}})
        writer.to_db_file(sys.argv[1])
        """

    @Test(
        .enabled(
            if: python != nil || ProcessInfo.processInfo.environment["CI"] == "true",
            "there is no .venv: run Scripts/install.sh --tests, or set MARTLET_PYTHON"))
    func addressesAreWhereTheDatabaseSays() async throws {
        let python = try #require(Self.python, "there is no .venv: run Scripts/install.sh --tests")
        try await TemporaryFolder.with { folder in
            let path = folder.path + "/places.mmdb"
            let made = try await ChildProcess.run([python, "-c", Self.script, path], input: "")
            try #require(made.status == 0, "\(made.errors)")
            let places = try Places(path: path)
            let berlin = Coordinates(latitude: 52.52, longitude: 13.4)
            #expect(places.place(of: "192.0.2.7") == berlin)
            #expect(places.place(of: "2001:db8::7") == berlin)
            for unknown in ["198.51.100.1", "203.0.113.1", "::1", "", "no address"] {
                #expect(places.place(of: unknown) == nil)
            }
        }
    }

    @Test func whatIsNoDatabaseIsRefusedInWords() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.path + "/places.mmdb"
            try Data("no database".utf8).write(to: URL(filePath: path))
            let error = #expect(throws: PlacesError.self) { try Places(path: path) }
            #expect("\(try #require(error))".hasPrefix("detection.places is \(path). It has to be a database"))
        }
    }
}
