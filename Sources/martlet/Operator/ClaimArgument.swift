import ArgumentParser
import MartletJOSE

/// A claim as it is typed: `tier=gold`, `seats=5`, `plan={"name":"team"}`.
struct ClaimArgument: Sendable {
    let name: String
    let value: JSONValue

    /// What is JSON is taken as such, and all else as text; `id="5"` is a text that would be JSON.
    init(text: String) throws {
        guard let end = text.firstIndex(of: "=") else {
            throw ValidationError("A claim is a name, = and a value, such as tier=gold.")
        }
        name = String(text[..<end])
        let value = String(text[text.index(after: end)...])
        do throws(JOSEError) {
            self.value = try JSONValue(parsing: Array(value.utf8))
        } catch {
            guard error.code == .malformed else { throw ValidationError(error.message) }
            self.value = .string(value)
        }
    }
}
