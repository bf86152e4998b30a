import Foundation
import MartletCore
import Testing

@testable import MartletServer

/// Look-ups in a ``PlacesDatabase``.
struct PlacesTests {
    @Test(.placesDatabase) func addressesAreWhereTheDatabaseSays() async throws {
        try await PlacesDatabase.with { path in
            let places = try Places(path: path)
            for address in PlacesDatabase.inBerlin { #expect(places.place(of: address) == PlacesDatabase.berlin) }
            for address in PlacesDatabase.inWellington {
                #expect(places.place(of: address) == PlacesDatabase.wellington)
            }
            for unknown in PlacesDatabase.nowhere { #expect(places.place(of: unknown) == nil) }
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
