public enum Base64URL {
    public static func encode(_ b: [UInt8]) -> String { "" }
    public static func decode(_ b: [UInt8]) throws -> [UInt8] { b }
}
