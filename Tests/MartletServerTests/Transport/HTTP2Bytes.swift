import NIOCore

/// HTTP/2 frames by hand (RFC 9113 §4), for clients that no library would be.
enum HTTP2Bytes {
    struct Frame {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]

        /// The error code of RST_STREAM or GOAWAY.
        var errorCode: UInt32? {
            switch type {
            case 3: number(payload[...])
            case 7: number(payload.dropFirst(4))
            default: nil
            }
        }

        private func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
            bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    static let opening = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4, stream: 0, [])

    static func frame(type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
            + stream.bigEndianBytes + payload
    }

    static func data(_ bytes: [UInt8], stream: UInt32, ends: Bool) -> [UInt8] {
        frame(type: 0, flags: ends ? 1 : 0, stream: stream, bytes)
    }

    /// - Parameter bearer: an access token to send along.
    static func get(_ path: String, stream: UInt32, bearer: String? = nil) -> [UInt8] {
        let credentials = bearer.map { token in
            // authorization, never indexed; the length in a prefix of 7 bits and what is beyond (RFC 7541 §5.1).
            let value = Array("Bearer \(token)".utf8)
            let rest = value.count - 127
            return [0x1F, 0x08, 0x7F, UInt8(rest & 0x7F) | 0x80, UInt8(rest >> 7)] + value
        }
        return frame(type: 1, flags: 0x5, stream: stream, block(method: 0x82, path) + (credentials ?? []))
    }

    static func post(_ path: String, stream: UInt32) -> [UInt8] {
        frame(type: 1, flags: 0x4, stream: stream, block(method: 0x83, path))
    }

    static func reset(stream: UInt32) -> [UInt8] {
        frame(type: 3, stream: stream, UInt32(8).bigEndianBytes)
    }

    static func ping(_ number: UInt32) -> [UInt8] {
        frame(type: 6, stream: 0, [0, 0, 0, 0] + number.bigEndianBytes)
    }

    /// A header block (RFC 7541): indexed method and scheme, literal path and authority.
    static func block(method: UInt8, _ path: String) -> [UInt8] {
        [method, 0x87, 0x04, UInt8(path.utf8.count)] + Array(path.utf8) + [0x01, 0x01, UInt8(ascii: "a")]
    }

    /// The frames that are whole.
    static func frames(_ buffer: ByteBuffer) -> [Frame] {
        var buffer = buffer
        var frames: [Frame] = []
        while let start = buffer.readBytes(length: 9) {
            let length = Int(start[0]) << 16 | Int(start[1]) << 8 | Int(start[2])
            guard let payload = buffer.readBytes(length: length) else { break }
            let stream = start[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            frames.append(Frame(type: start[3], flags: start[4], stream: stream, payload: payload))
        }
        return frames
    }
}

extension UInt32 {
    fileprivate var bigEndianBytes: [UInt8] {
        [UInt8(self >> 24 & 0xFF), UInt8(self >> 16 & 0xFF), UInt8(self >> 8 & 0xFF), UInt8(self & 0xFF)]
    }
}

extension RawConnection {
    /// The frames up to the one that is looked for, or up to the end.
    func frames(until isLast: (HTTP2Bytes.Frame) -> Bool) async throws -> [HTTP2Bytes.Frame] {
        HTTP2Bytes.frames(try await read { HTTP2Bytes.frames($0).contains(where: isLast) })
    }

    /// All frames until the connection ends.
    func framesToEnd() async throws -> [HTTP2Bytes.Frame] {
        _ = try await readToEnd()
        return HTTP2Bytes.frames(received)
    }
}

extension [HTTP2Bytes.Frame] {
    /// Whether the server gave up on a flood, with ENHANCE_YOUR_CALM (RFC 9113 §7) where it said why: what it says last
    /// is lost where the rest of the flood arrives at a closed socket, which resets the connection.
    func endWithCalmDown(within answers: Int) -> Bool {
        count < answers && allSatisfy { $0.type != 7 || $0.errorCode == 0xB }
    }

    /// The body of the answer on a stream.
    func body(stream: UInt32) -> String {
        String(decoding: filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload), as: UTF8.self)
    }
}
