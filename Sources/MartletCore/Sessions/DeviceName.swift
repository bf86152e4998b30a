import MartletProtocol

/// What a user calls a device: 1 to 64 characters and at most 256 bytes, no control characters.
enum DeviceName {
    static func validated(_ text: String) throws(AuthorityError) -> String {
        let name = try text.normalized(as: "A device name")
        guard (1...64).contains(name.count), name.utf8.count <= 256 else {
            throw .malformed("A device name has 1 to 64 characters and at most 256 bytes.")
        }
        guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .malformed("A device name may not contain control characters.")
        }
        return name
    }
}
