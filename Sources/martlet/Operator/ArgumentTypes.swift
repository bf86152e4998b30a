public import ArgumentParser
public import MartletCore
public import MartletProtocol
public import MartletServer

// What the options are read as.

extension SessionProfile: ExpressibleByArgument {}

extension RotationMode: ExpressibleByArgument {}

extension WebhookEndpoint.Format: ExpressibleByArgument {}

extension KeyKind: ExpressibleByArgument {}

extension Identifier: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
