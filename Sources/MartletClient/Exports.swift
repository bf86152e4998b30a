// Methods, header fields and statuses are in the signatures of this module, so `import MartletClient` is enough to
// write `client.request(.get, …)`.
@_exported public import HTTPTypes
