import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS

/// Sets up the channel handlers of one accepted connection.
struct ConnectionPipeline: Sendable {
    /// A channel of whole requests and their answers: an HTTP/1.1 connection, or one HTTP/2 stream.
    typealias Exchange = NIOAsyncChannel<AssembledRequest, HTTPResponsePart>
    typealias Streams = NIOHTTP2Handler.AsyncStreamMultiplexer<Exchange>

    enum Connection: Sendable {
        case plain(Exchange)
        /// The version is known after the TLS handshake.
        case secure(EventLoopFuture<NIONegotiatedHTTPVersion<Exchange, Streams>>)

        var eventLoop: any EventLoop {
            switch self {
            case .plain(let exchange): exchange.channel.eventLoop
            case .secure(let negotiated): negotiated.eventLoop
            }
        }
    }

    let limits: ListenerLimits
    let tls: TLSContext?
    let connections: Connections
    let directRoutes: DirectRoutes
    let logger: Logger

    func setUp(_ channel: any Channel) -> EventLoopFuture<Connection> {
        let acceptedAt = NIODeadline.now()
        return channel.eventLoop.makeCompletedFuture {
            guard let tls else {
                return .plain(try http1(channel, isSecure: false, acceptedAt: acceptedAt))
            }
            let pipeline = channel.pipeline.syncOperations
            let handshake = TLSHandshakeHandler(deadline: acceptedAt + TimeAmount(limits.headDeadline))
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.current))
            try pipeline.addHandler(handshake)
            let bound = NIOLoopBound(handshake, eventLoop: channel.eventLoop)
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<
                NIONegotiatedHTTPVersion<Exchange, Streams>
            > { result in
                channel.eventLoop.makeCompletedFuture {
                    channel.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
                    if case .negotiated("h2") = result {
                        return .http2(try http2(channel, acceptedAt: acceptedAt))
                    }
                    return .http1_1(try http1(channel, isSecure: true, acceptedAt: acceptedAt))
                }
            }
            try pipeline.addHandler(negotiation)
            return .secure(negotiation.protocolNegotiationResult)
        }
    }

    private func http1(_ channel: any Channel, isSecure: Bool, acceptedAt: NIODeadline) throws -> Exchange {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = limits.headerListSize
        decoder.maxHeaderListSize = limits.headerListSize
        decoder.maxHeaderFieldCount = limits.headerFieldCount
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(
            HTTP1ConnectionHandler(
                limits: limits, isSecure: isSecure, acceptedAt: acceptedAt, directRoutes: directRoutes, logger: logger))
        return try exchange(channel)
    }

    private func http2(_ channel: any Channel, acceptedAt: NIODeadline) throws -> Streams {
        var configuration = NIOHTTP2Handler.Configuration()
        configuration.connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streamsPerConnection),
            // Beyond this the connection fails; up to it a stream that is over our limit gets its 431.
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerListSize * 2),
        ]
        configuration.connection.controlFrameRateLimit.maximumCount = limits.controlFrames
        configuration.stream.streamResetFrameRateLimit.maximumCount = limits.streamResets
        configuration.stream.streamErrorRateLimit.maximumCount = limits.streamResets
        let handler = HTTP2ConnectionHandler(
            limits: limits, eventLoop: channel.eventLoop, acceptedAt: acceptedAt)
        let pipeline = channel.pipeline.syncOperations
        let streams: Streams = try pipeline.configureAsyncHTTP2Pipeline(
            mode: .server, streamDelegate: handler.streamDelegate, configuration: configuration
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTPServerCodec())
                try stream.pipeline.syncOperations.addHandler(HTTP2StreamHandler(limits: limits, logger: logger))
                return try exchange(stream)
            }
        }
        try pipeline.addHandler(handler)
        closeIfEnding(channel)
        return streams
    }

    private func exchange(_ channel: any Channel) throws -> Exchange {
        closeIfEnding(channel)
        return try Exchange(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    /// The event of a shutdown does not reach handlers that are added after it.
    private func closeIfEnding(_ channel: any Channel) {
        if channel.parent?.parent == nil, connections.isEnding { channel.close(promise: nil) }
    }
}
