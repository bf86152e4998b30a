/// Takes messages to destinations of one kind.
public protocol NoticeCarrier: Sendable {
    /// Delivers a message. A message may come more than once, under the same id.
    ///
    /// It has to come to an end within ``OutboxSchedule/deliveryLimit``, at which it is cancelled. What is not for this
    /// destination after all counts as delivered.
    func deliver(_ message: OutboxMessage) async throws(DeliveryFailure)
}
