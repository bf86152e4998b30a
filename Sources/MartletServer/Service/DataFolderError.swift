/// Why a data folder cannot be used. Nothing in it was changed.
public struct DataFolderError: Error, Sendable {
    public struct Code: Hashable, Sendable {
        public let rawValue: String

        private init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        /// There is no such folder.
        public static let missing = Code("missing")
        /// It is something else, or on the way to it there is something else.
        public static let notAFolder = Code("not_a_folder")
        /// It, or something in it, belongs to another user.
        public static let foreign = Code("foreign")
        /// Other users can read or write it, or something in it.
        public static let exposed = Code("exposed")
        /// It cannot be written to: no right to, or a full disk.
        public static let unwritable = Code("unwritable")
        /// The master key is not there, or is not one.
        public static let masterKey = Code("master_key")
        /// Another process serves it.
        public static let served = Code("served")
    }

    public let code: Code
    /// What is wrong and what would be right, for the operator.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension DataFolderError: CustomStringConvertible {
    public var description: String { message }
}
