extension Result where Failure == any Error {
    /// What came of work, for something that has to be done before its error goes on.
    package init(catching work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
