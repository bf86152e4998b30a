/// What went wrong in storage. None of it is ever taken for "not signed in".
public struct StorageError: Error, Sendable {
    public struct Code: Hashable, Sendable {
        public let rawValue: String

        private init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        /// What was to be inserted is there already.
        public static let conflict = Code("conflict")
        /// The disk is full.
        public static let full = Code("full")
        /// The database cannot be written to: a read-only folder, or missing rights.
        public static let readOnly = Code("read_only")
        /// Another process keeps the database locked.
        public static let busy = Code("busy")
        /// The database is damaged, or written by a newer version.
        public static let unusable = Code("unusable")
        /// The database was put back from a backup, and an operator has to say how to go on.
        public static let restored = Code("restored")
        /// It is written, and all can read it, but it could not be brought to disk. It is not to be written again.
        public static let notDurable = Code("not_durable")
        /// Anything else: an I/O error, a lost connection.
        public static let unavailable = Code("unavailable")
    }

    public let code: Code
    /// What happened, for logs.
    public let detail: String

    public init(_ code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension StorageError: CustomStringConvertible {
    public var description: String { "storage \(code.rawValue): \(detail)" }
}
