/// Takes messages to destinations of one kind.
public protocol NoticeCarrier: Sendable {
    /// Delivers a message. A message may come more than once, under the same id.
    ///
    /// It has to come to an end within ``OutboxSchedule/deliveryLimit``, at which it is cancelled.
    ///
    /// - Returns: whether anything was sent. What is not for this destination after all is skipped, which settles it.
    func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery

    /// Delivers a message that may need several things to be sent, each of which has all of that time.
    ///
    /// - Parameter goOn: to be called before each thing but the first: from then on there is
    ///   ``OutboxSchedule/deliveryLimit`` again. It throws where nothing more is to be sent, since another process has
    ///   the message.
    /// - Returns: as above.
    func deliver(
        _ message: OutboxMessage, goOn: @escaping @Sendable () async throws(DeliveryFailure) -> Void
    ) async throws(DeliveryFailure) -> NoticeDelivery

    /// What a destination may share with others, such as the host and port that their messages are sent to. To those
    /// of one server is delivered a few at a time, so that one that is slow does not take all the places. Without an
    /// answer of its own, each destination has a server to itself.
    func server(of destination: NoticeDestination) async throws(AuthorityError) -> String
}

extension NoticeCarrier {
    public func deliver(
        _ message: OutboxMessage, goOn: @escaping @Sendable () async throws(DeliveryFailure) -> Void
    ) async throws(DeliveryFailure) -> NoticeDelivery {
        try await deliver(message)
    }

    public func server(of destination: NoticeDestination) async throws(AuthorityError) -> String {
        destination.text
    }
}
