import MartletClient
import MartletCore
import MartletProtocol
import MartletServer

/// Why a command failed, in words for the person who typed it. Exit status 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The same error, as a `CommandFailure` where it comes from one of our modules.
    static func explaining(_ error: any Error) -> any Error {
        switch error {
        case let error as AuthorityError:
            // The engine's details are for the operator, who this is.
            return CommandFailure((error.message ?? error.detail ?? error.code.title).printable)
        case let error as StorageError where error.code == .restored:
            return CommandFailure("\(error.detail.printable)\n\(AfterRestore.advice)")
        case let error as StorageError:
            return CommandFailure(error.detail.printable)
        case let error as DataFolderError:
            return CommandFailure(error.message)
        case let error as ConfigurationError:
            return CommandFailure("The configuration is not right.\n\(error)")
        case let error as MartletClientError where [.offline, .untrustedCertificate].contains(error.code):
            // The message says it all; the detail is what the libraries call it.
            return CommandFailure(error.message.printable)
        case let error as MartletClientError:
            return CommandFailure((error.message + (error.detail.map { " (\($0))" } ?? "")).printable)
        default:
            return error
        }
    }
}
