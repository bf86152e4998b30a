import CMaxMindDB
import MartletCore

/// Where addresses are, by a database in MaxMind's format that the operator gives.
///
/// It is mapped into memory. Look-ups only read, so any thread may make them; that is why it is sendable. The pointer
/// is valid as long as the object, and is not handed out.
@safe final class Places: @unchecked Sendable {
    private let database: UnsafeMutablePointer<MMDB_s>

    /// - Throws: `PlacesError` where it is no such database.
    init(path: String) throws(PlacesError) {
        // Kept only once it is open: from then on a failing initializer would run `deinit`.
        let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
        let status = unsafe MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
        guard status == MMDB_SUCCESS else {
            unsafe database.deallocate()
            throw PlacesError(path: path, cause: unsafe String(cString: MMDB_strerror(status)))
        }
        unsafe self.database = database
    }

    deinit {
        unsafe MMDB_close(database)
        unsafe database.deallocate()
    }

    /// Where an address is; nil where the database does not say.
    func place(of address: String) -> Coordinates? {
        var (notAnAddress, status): (Int32, Int32) = (0, MMDB_SUCCESS)
        var result = unsafe MMDB_lookup_string(database, address, &notAnAddress, &status)
        guard notAnAddress == 0, status == MMDB_SUCCESS, unsafe result.found_entry,
            let latitude = unsafe Self.number("latitude", of: &result.entry),
            let longitude = unsafe Self.number("longitude", of: &result.entry)
        else { return nil }
        return Coordinates(latitude: latitude, longitude: longitude)
    }

    /// A member of the member `location`, as GeoLite2-City has it.
    private static func number(_ name: String, of entry: inout MMDB_entry_s) -> Double? {
        unsafe "location".withCString { location in
            unsafe name.withCString { name in
                var data = unsafe MMDB_entry_data_s()
                let path = unsafe [location, name, nil]
                guard unsafe MMDB_aget_value(&entry, &data, path) == MMDB_SUCCESS, unsafe data.has_data,
                    unsafe Int32(data.type) == MMDB_DATA_TYPE_DOUBLE
                else { return nil }
                return unsafe data.double_value
            }
        }
    }
}

/// A database of places that cannot be read.
struct PlacesError: Error, CustomStringConvertible {
    let path: String
    let cause: String

    var description: String {
        "detection.places is \(path). It has to be a database in MaxMind's format (.mmdb), such as GeoLite2-City: \(cause)"
    }
}
